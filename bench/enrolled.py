"""Live tenants of the portal whose connections bench.health_fleet serves."""

from django.db import connection as database

from bench import health_fleet
from bench.append_only import may_be_emptied
from connect.models import Connection, HostApp, Stage
from tenants.models import Tenant
from tenants.orgid import normalize


def live(count: int, region: str, apps: list[HostApp]) -> None:
    """Store live tenants on the host apps, as health_fleet.wanted() has them."""
    orgs = [normalize(health_fleet.ORG.format(number)) for number in range(count)]
    Tenant.objects.bulk_create(
        Tenant(org_id=org, name=f"Tenant {number}", admin_email="it@x.example")
        for number, org in enumerate(orgs)
    )
    keys = dict(Tenant.objects.values_list("org_id", "pk"))
    Connection.objects.bulk_create(
        Connection(
            tenant_id=keys[org],
            stage=Stage.LIVE,
            host_app=apps[health_fleet.place_of(number, count, len(apps))],
            organization_id=org,
            connection_id=health_fleet.name(number),
            addon_name=health_fleet.name(number),
            region_url=region,
            state="IDLE",
            schema_name=f"sf_{org.lower()}_1",
            next_attempt_at=None,
        )
        for number, org in enumerate(orgs)
    )


def host_apps(wanted: int) -> list[HostApp]:
    """Return the first host app, and others that are made."""
    first = HostApp.objects.order_by("pk")[0]
    others = [HostApp(name=f"{first.name}-{n}", database=first.database) for n in range(1, wanted)]
    return [first, *HostApp.objects.bulk_create(others)]


def remove() -> None:
    """Remove them all, with their health, their incidents and the mails about these."""
    with may_be_emptied(), database.cursor() as cursor:
        cursor.execute("TRUNCATE tenants_tenant CASCADE")
