"""Rows for the admin's pages: the cast at different stages."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone

from connect.models import (
    Connection,
    Health,
    Mapping,
    Rollout,
    RolloutItem,
    SchemaFate,
    Stage,
    WaitingOn,
)
from connect.rollouts import waves
from tenants.models import (
    KILL_SWITCHES,
    Event,
    EventKind,
    Message,
    MessageKind,
    Proof,
    SalesforceGrant,
    Switch,
    Tenant,
)
from tests import cast

Row = TypeVar("Row", bound=Model)
ACCESS_TOKEN = "00Dxx!access-token-that-nobody-may-see"
REFRESH_TOKEN = "5Aep-refresh-token-that-nobody-may-see"
DOCUMENT = {
    "version": 1,
    "connection": {"app_name": "", "exported_at": ""},
    "mappings": [
        {
            "object_name": "Account",
            "config": {
                "access": "read_write",
                "sf_polling_seconds": 600,
                "fields": {
                    "Id": {},
                    "Name": {},
                    "CreatedDate": {},
                    "SystemModstamp": {},
                    "IsDeleted": {},
                },
                "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
            },
        }
    ],
}


def connection(of: Tenant, stage: Stage = Stage.LIVE, **fields: Any) -> Connection:
    """Store a tenant's connection."""
    return stored([unsaved_connection(of, stage, **fields)])[0]


def unsaved_connection(of: Tenant, stage: Stage = Stage.LIVE, **fields: Any) -> Connection:
    """Return a tenant's connection at a stage, with the facts known by then."""
    number = of.pk
    facts: dict[str, Any] = {
        "host_app": cast.host_app(),
        "addon_name": f"hc-abc123-{of.org_id.lower()}-1",
        "addon_id": f"addon-{number}",
        "connection_id": f"conn-{number}",
        "region_url": "https://connect-eu.heroku.com/api/v3",
        "plan": "herokuconnect:demo",
        "schema_name": f"sf_{of.org_id.lower()}_1",
        "organization_id": of.org_id,
        "state": "IDLE",
        "seen_at": timezone.now(),
    }
    if stage == Stage.OFFBOARDED:
        facts |= {"offboarded_at": timezone.now(), "schema_fate": SchemaFate.KEEP}
    return Connection(tenant=of, stage=stage, **{**facts, **fields})


def grant(of: Tenant) -> SalesforceGrant:
    """Store a tenant's grant."""
    return stored([unsaved_grant(of)])[0]


def unsaved_grant(of: Tenant) -> SalesforceGrant:
    """Return a grant whose tokens no page may show."""
    return SalesforceGrant(
        tenant=of,
        access_token=ACCESS_TOKEN,
        refresh_token=REFRESH_TOKEN,
        instance_url="https://acme.my.salesforce.com",
        identity_url=f"https://login.salesforce.com/id/{of.org_id}/005000000000001AAA",
        username=f"admin-{of.pk}@acme.example",
        user_id="005000000000001AAA",
        scopes="api id refresh_token",
        issued_at=timezone.now(),
    )


def message(to: Tenant) -> Message:
    """Store a mail to a tenant."""
    return stored([unsaved_message(to)])[0]


def unsaved_message(to: Tenant) -> Message:
    """Return a mail to a tenant."""
    return Message(
        tenant=to,
        kind=MessageKind.SIGN_IN,
        key=f"sign_in:{to.pk}",
        to=to.admin_email,
        subject="Please sign in",
        text="Hello",
        html="<p>Hello</p>",
    )


def stored(made: Iterable[Row]) -> list[Row]:
    """Store rows of one model, any number of them, by one statement."""
    each = list(made)
    return type(each[0])._default_manager.bulk_create(each)


def history(of: Tenant, length: int) -> None:
    """Give a tenant a long past."""
    row = of.connections.get()
    for number in range(length):
        Event.objects.create(tenant=of, kind=EventKind.WAITING, text="Waiting.")
        Message.objects.create(tenant=of, key=f"past:{number}", to=of.admin_email, text="", html="")
        Mapping.objects.create(connection=row, object_name=f"Past{number}__c", mapping_id="m")


def switches() -> None:
    """Make a row for every kill switch."""
    for name in KILL_SWITCHES:
        Switch.objects.create(name=name, on=True)


def five() -> dict[str, Tenant]:
    """Make the cast, each at another point of the way."""
    now = timezone.now()
    acme = cast.enrol(cast.ACME)
    live = connection(acme, live_at=now, authorized_at=now, salesforce_username="ops@acme.example")
    Health.objects.create(connection=live, condition="healthy", sampled_at=now, good_at=now)
    Mapping.objects.create(
        connection=live, object_name="Account", mapping_id="m1", state="DATA_SYNCED"
    )
    borealis = cast.enrol(cast.BOREALIS)
    connection(
        borealis,
        Stage.WAITING_FOR_AUTHORIZATION,
        organization_id="",
        state="NEED_AUTHENTICATION",
        waiting_on=WaitingOn.SUBSCRIBER,
        waiting_for="the admin to authorize Heroku Connect",
    )
    cirrus = cast.enrol(cast.CIRRUS, proof=Proof.NONE)
    cast.connect(cirrus, waiting_on=WaitingOn.STAFF, waiting_for="approval by staff")
    dune = cast.enrol(cast.DUNE)
    connection(
        dune,
        Stage.CREATING_ADDON,
        organization_id="",
        connection_id="",
        state="",
        blocked_at=now,
        blocked_reason="Heroku could not provision hc-abc123: it is deprovisioned.",
        last_request_id="6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f",
        waiting_on=WaitingOn.STAFF,
        waiting_for="staff",
    )
    ember = cast.enrol(cast.EMBER)
    Tenant.objects.filter(pk=ember.pk).update(offboarded_at=now)
    connection(ember, Stage.OFFBOARDED)
    return {"acme": acme, "borealis": borealis, "cirrus": cirrus, "dune": dune, "ember": ember}


def held_rollout() -> Rollout:
    """Store a roll-out that the worker has held after its canary group, as was planned."""
    made = Rollout.objects.create(
        author="mia", status="running", canary_size=1, hold_after_canary=True
    )
    for wave, (who, status) in enumerate(((cast.ACME, "done"), (cast.BOREALIS, "ready"))):
        row = connection(cast.enrol(who))
        RolloutItem.objects.create(rollout=made, connection=row, wave=wave, status=status)
    waves.advance_rollout(made.pk)
    made.refresh_from_db()
    return made
