"""A tenant as JSON: the same in the read API and in webhooks. No e-mail address is in it."""

from collections.abc import Iterable
from typing import Any

from connect import standing
from connect.models import Connection
from connect.standing import Standing
from tenants.models import Tenant

Document = dict[str, Any]


def of_tenants(tenants: Iterable[Tenant]) -> list[Document]:
    """Return tenants as JSON, in their order. Three queries for any number."""
    rows = list(tenants)
    current = Connection.objects.filter(tenant__in=rows, offboarded_at=None)
    by_tenant = {each.tenant_id: each for each in current}
    found = standing.of_many(by_tenant.values())
    return [_of_tenant(each, by_tenant.get(each.pk), found) for each in rows]


def _of_tenant(
    tenant: Tenant, connection: Connection | None, found: dict[int, Standing]
) -> Document:
    seen = found[connection.pk] if connection else standing.without_connection(tenant)
    return {
        "org_id": tenant.org_id,
        "name": tenant.name,
        "environment": tenant.environment,
        "package_version": tenant.package_version,
        "is_proven": bool(tenant.proof),
        "registered_at": time(tenant.registered_at),
        "live_at": time(connection.live_at if connection else None),
        "offboarded_at": time(tenant.offboarded_at),
        "schema": connection.schema_name if connection else "",
        "standing": _of_standing(seen),
    }


def _of_standing(seen: Standing) -> Document:
    return {
        "word": seen.word.value,
        "headline": seen.headline,
        "reason": seen.reason,
        "since": time(seen.since),
        "needs_attention": seen.tone == standing.Tone.BAD,
    }


def time(at: Any) -> str | None:
    """Return a time as RFC 3339, in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None
