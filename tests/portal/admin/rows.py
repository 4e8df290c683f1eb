"""Rows for the admin's pages: the cast at different stages, and any number of strangers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from connect.models import (
    ApiBudget,
    Connection,
    DefaultTemplate,
    Diagnosis,
    Drift,
    HealingAttempt,
    Health,
    HealthSample,
    Incident,
    Mapping,
    MappingTemplate,
    Notification,
    Rollout,
    RolloutItem,
    Stage,
    Tag,
    WaitingOn,
    WebhookNotice,
    WriteError,
    WriteRepair,
)
from portal.models import BulkItem, BulkRun, Heartbeat
from tenants import orgid
from tenants.models import (
    KILL_SWITCHES,
    Callout,
    Event,
    EventKind,
    Message,
    MessageKind,
    Proof,
    RateBucket,
    SalesforceGrant,
    Switch,
    Tenant,
    UsedSignature,
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
    """Make a tenant's connection at a stage, with the facts known by then."""
    return stored([_connection(of, stage, **fields)])[0]


def _connection(of: Tenant, stage: Stage = Stage.LIVE, **fields: Any) -> Connection:
    number = of.pk
    facts: dict[str, Any] = {
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
        facts["offboarded_at"] = timezone.now()
    return Connection(tenant=of, stage=stage, **{**facts, **fields})


def grant(of: Tenant) -> SalesforceGrant:
    """Make a grant whose tokens no page may show."""
    return stored([_grant(of)])[0]


def _grant(of: Tenant) -> SalesforceGrant:
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
    """Make a mail to a tenant."""
    return stored([_message(to)])[0]


def _message(to: Tenant) -> Message:
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


def strangers(count: int, start: int = 1) -> None:
    """Make `count` rows of every model that has a page, except the kill switches."""
    now = timezone.now()
    numbers = range(start, start + count)
    template, _ = MappingTemplate.objects.get_or_create(version=1, defaults={"document": DOCUMENT})
    connections = connected(numbers, template=template)
    _tenant_rows(numbers, [each.tenant for each in connections], now)
    _connect_rows(numbers, connections, template)
    health(*connections)
    _mapping_rows(numbers, connections, template)
    _portal_rows(numbers, connections)
    for name in settings.USE_CASES:
        import_module(f"tests.{name}.rows").strangers(numbers, connections, now)
    _queue_rows(numbers, now)


def connected(numbers: Sequence[int], **fields: Any) -> list[Connection]:
    """Make strangers with these numbers and a live connection each, and nothing else."""
    now = timezone.now()
    tenants = stored(_stranger(number, now) for number in numbers)
    return stored(_connection(each, **fields) for each in tenants)


def _stranger(number: int, now: datetime) -> Tenant:
    return Tenant(
        org_id=orgid.normalize(f"00D7g{number:010d}"),
        name=f"Stranger {number}",
        admin_email=f"it@stranger-{number}.example",
        proof=Proof.SIGNED,
        proven_at=now,
        registered_at=now,
    )


def _tenant_rows(numbers: Sequence[int], tenants: list[Tenant], now: datetime) -> None:
    body, sender = b'{"org_id": "x"}', "192.0.2.1"
    stored(_grant(each) for each in tenants)
    stored(Callout(body=body, remote_address=sender, status=202, tenant=each) for each in tenants)
    stored(_message(each) for each in tenants)
    stored(Event(tenant=each, kind=EventKind.REGISTERED, text="Registered.") for each in tenants)
    stored(UsedSignature(digest=f"{number:064d}") for number in numbers)
    stored(RateBucket(key=f"192.0.2.{number}", tokens=1, filled_at=now) for number in numbers)


def _connect_rows(
    numbers: Sequence[int], connections: list[Connection], template: MappingTemplate
) -> None:
    stored(
        Mapping(
            connection=each,
            object_name="Account",
            mapping_id=f"m{each.pk}",
            state="DATA_SYNCED",
        )
        for each in connections
    )
    stored(
        HealthSample(connection=each, state="IDLE", mappings=1, mappings_synced=1, rows_failed=0)
        for each in connections
    )
    stored(ApiBudget(peer=f"peer-{number}", remaining=4000) for number in numbers)
    stored(Drift(connection=each, template=template, state="same") for each in connections)


def health(*of: Connection) -> None:
    """Make connections' health, and one of everything that can go wrong and be done about it."""
    now = timezone.now()
    found = {"pile": "errors", "about": "Account", "rule": "R", "title": "T", "message": "<M>"}
    findings = [{**found, "link": "https://heroku.com/x"}]
    Health.objects.bulk_create(
        [
            Health(connection=each, condition="broken", sampled_at=now, uptime_day=987)
            for each in of
        ],
        update_conflicts=True,
        unique_fields=["connection"],
        update_fields=["condition", "sampled_at", "uptime_day"],
    )
    incidents = stored(
        Incident(connection=each, kind="system_error", status="open", opened_at=now, text="Broken.")
        for each in of
    )
    stored(HealingAttempt(incident=each, remedy="restart", text="Restarted.") for each in incidents)
    stored(WebhookNotice(incident=each, what="opened", text="Broken.") for each in incidents)
    stored(
        WriteError(
            connection=each,
            table_name="account",
            cause=f"DUPLICATE {each.pk}",
            example="x",
            failed=3,
        )
        for each in of
    )
    stored(
        WriteRepair(
            connection=each,
            table_name="account",
            record_id=1,
            log_id=1,
            cause="x",
            action="retry",
        )
        for each in of
    )
    stored(Diagnosis(connection=each, ended_at=now, errors=1, findings=findings) for each in of)
    stored(
        Notification(
            connection=each, remote_id="n", at=now, event_type="mapping-error", message="<M>"
        )
        for each in of
    )


def _mapping_rows(
    numbers: Sequence[int], connections: list[Connection], template: MappingTemplate
) -> None:
    rollouts = stored(Rollout(template=template, author="mia", status="done") for _ in connections)
    stored(
        RolloutItem(rollout=rollout, connection=each, wave=0, target=template, status="done")
        for rollout, each in zip(rollouts, connections, strict=True)
    )
    tags = stored(Tag(name=f"tag-{number}") for number in numbers)
    for tag, each in zip(tags, connections, strict=True):
        tag.tenants.add(each.tenant)
    stored(
        DefaultTemplate(plan=f"herokuconnect:plan-{number}", template=template)
        for number in numbers
    )
    versions = [MappingTemplate(version=n, document=DOCUMENT) for n in numbers if n > 1]
    MappingTemplate.objects.bulk_create(versions)


def _portal_rows(numbers: Sequence[int], connections: list[Connection]) -> None:
    stored(Heartbeat(worker=f"worker-{number}") for number in numbers)
    runs = stored(
        BulkRun(action="pause", label="Pause", actor="olga", total=1) for _ in connections
    )
    stored(
        BulkItem(run=run, tenant=each.tenant, connection=each)
        for run, each in zip(runs, connections, strict=True)
    )


def tasks(numbers: Sequence[int]) -> None:
    """Make a task that went well and one that failed, for each number."""
    now = timezone.now()
    stored(
        Task(
            id=f"{number:030d}{'ok' if success else 'no'}",
            name=f"pause {number}",
            func="connect.tasks.operate",
            args=("pause", number),
            kwargs={"actor": "olga", "options": {}},
            result="Pause: accepted." if success else "Busy",
            started=now,
            stopped=now,
            success=success,
        )
        for number in numbers
        for success in (True, False)
    )


def _queue_rows(numbers: Sequence[int], now: datetime) -> None:
    tasks(numbers)
    stored(
        Schedule(name=f"schedule {number}", func="portal.tasks.prune", task=f"{number:030d}ok")
        for number in numbers
    )
    queued = (
        {"id": f"{number:032d}", "name": "x", "func": "portal.tasks.prune", "args": ()}
        for number in numbers
    )
    stored(OrmQ(key="multiconnect", payload=SignedPackage.dumps(each), lock=now) for each in queued)


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
