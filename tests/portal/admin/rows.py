"""Rows for the admin's pages: the cast at different stages, and any number of strangers."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from connect.health.models import (
    Diagnosis,
    HealingAttempt,
    Health,
    Incident,
    Notification,
    WebhookNotice,
    WriteError,
    WriteRepair,
)
from connect.mappings.models import DefaultTemplate, Drift, Rollout, RolloutItem, Tag
from connect.models import (
    ApiBudget,
    Connection,
    HealthSample,
    Mapping,
    MappingTemplate,
    Stage,
    WaitingOn,
)
from portal.models import BulkItem, BulkRun, Heartbeat
from social.models import (
    CollectionRun,
    Handle,
    Outcome,
    Post,
    Spend,
    TenantCollection,
    Trigger,
)
from tenants import orgid
from tenants.models import (
    Callout,
    Event,
    EventKind,
    Message,
    MessageKind,
    Proof,
    RateBucket,
    SalesforceGrant,
    Switch,
    SwitchName,
    Tenant,
    UsedSignature,
)
from tests import cast

ACCESS_TOKEN = "00Dxx!access-token-that-nobody-may-see"
REFRESH_TOKEN = "5Aep-refresh-token-that-nobody-may-see"
DUNE = {"org_id": "00D5g0000000001EAA", "name": "Dune Ltd", "admin_email": "it@dune.example"}
EMBER = {"org_id": "00D5g0000000002EAA", "name": "Ember AG", "admin_email": "it@ember.example"}
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
    return Connection.objects.create(tenant=of, stage=stage, **{**facts, **fields})


def grant(of: Tenant) -> SalesforceGrant:
    """Make a grant whose tokens no page may show."""
    return SalesforceGrant.objects.create(
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
    return Message.objects.create(
        tenant=to,
        kind=MessageKind.SIGN_IN,
        key=f"sign_in:{to.pk}",
        to=to.admin_email,
        subject="Please sign in",
        text="Hello",
        html="<p>Hello</p>",
    )


def strangers(count: int, start: int = 1) -> None:
    """Make `count` rows of every model that has a page, but for the kill switches."""
    now = timezone.now()
    template, _ = MappingTemplate.objects.get_or_create(version=1, defaults={"document": DOCUMENT})
    for number in range(start, start + count):
        stranger = cast.enrol(
            {
                "org_id": orgid.normalize(f"00D7g{number:010d}"),
                "name": f"Stranger {number}",
                "admin_email": f"it@stranger-{number}.example",
            }
        )
        row = connection(stranger, template=template)
        grant(stranger)
        Callout.objects.create(
            body=b'{"org_id": "x"}', remote_address="192.0.2.1", status=202, tenant=stranger
        )
        message(stranger)
        Event.objects.create(tenant=stranger, kind=EventKind.REGISTERED, text="Registered.")
        UsedSignature.objects.create(digest=f"{number:064d}")
        RateBucket.objects.create(key=f"192.0.2.{number}", tokens=1, filled_at=now)
        Mapping.objects.create(
            connection=row, object_name="Account", mapping_id=f"m{number}", state="DATA_SYNCED"
        )
        HealthSample.objects.create(
            connection=row, state="IDLE", mappings=1, mappings_synced=1, rows_failed=0
        )
        health(row)
        ApiBudget.objects.create(peer=f"peer-{number}", remaining=4000)
        rollout = Rollout.objects.create(template=template, author="mia", status="done")
        RolloutItem.objects.create(
            rollout=rollout, connection=row, wave=0, target=template, status="done"
        )
        Drift.objects.create(connection=row, template=template, state="same")
        Tag.objects.create(name=f"tag-{number}").tenants.add(stranger)
        DefaultTemplate.objects.create(plan=f"herokuconnect:plan-{number}", template=template)
        Heartbeat.objects.create(worker=f"worker-{number}")
        run = BulkRun.objects.create(action="pause", label="Pause", actor="olga", total=1)
        BulkItem.objects.create(run=run, tenant=stranger, connection=row)
        if number > 1:
            MappingTemplate.objects.create(version=number, document=DOCUMENT)
        _social_rows(number, row, now)
        _queue_rows(number, now)


def health(of: Connection) -> Health:
    """Make a connection's health, and one of everything that can go wrong and be done about it."""
    now = timezone.now()
    row = Health.objects.create(connection=of, condition="broken", write_errors=3, uptime_day=987)
    incident = Incident.objects.create(
        connection=of, kind="system_error", status="open", opened_at=now, text="Broken."
    )
    HealingAttempt.objects.create(incident=incident, remedy="restart", text="Restarted.")
    WebhookNotice.objects.create(incident=incident, what="opened", text="Broken.")
    WriteError.objects.create(
        connection=of, table_name="account", cause=f"DUPLICATE {of.pk}", example="x", failed=3
    )
    WriteRepair.objects.create(
        connection=of, table_name="account", record_id=1, log_id=1, cause="x", action="retry"
    )
    found = {"pile": "errors", "about": "Account", "rule": "R", "title": "T", "message": "<M>"}
    Diagnosis.objects.create(
        connection=of, ended_at=now, errors=1, findings=[{**found, "link": "https://heroku.com/x"}]
    )
    Notification.objects.create(
        connection=of, remote_id="n", at=now, event_type="mapping-error", message="<M>"
    )
    return row


def _social_rows(number: int, of: Connection, now: datetime) -> None:
    run = CollectionRun.objects.create(
        trigger=Trigger.SCHEDULE, outcome=Outcome.DONE, finished_at=now
    )
    TenantCollection.objects.create(run=run, connection=of, inserted=1)
    Post.objects.create(
        id=number,
        handle=Handle.objects.create(name=f"stranger_{number}"),
        author=f"Stranger_{number}",
        body="Hello",
        posted_at=now,
        likes=1,
        reposts=0,
        changed_in=run.pk,
    )
    Spend.objects.create(day=now.date() - timedelta(days=number), calls=1, posts=1)


def _queue_rows(number: int, now: datetime) -> None:
    for success in (True, False):
        Task.objects.create(
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
    Schedule.objects.create(
        name=f"schedule {number}", func="portal.tasks.prune", task=f"{number:030d}ok"
    )
    package = {"id": f"{number:032d}", "name": "x", "func": "portal.tasks.prune", "args": ()}
    OrmQ.objects.create(key="multiconnect", payload=SignedPackage.dumps(package), lock=now)


def history(of: Tenant, length: int) -> None:
    """Give a tenant a long past."""
    row = of.connections.get()
    for number in range(length):
        Event.objects.create(tenant=of, kind=EventKind.WAITING, text="Waiting.")
        Message.objects.create(tenant=of, key=f"past:{number}", to=of.admin_email, text="", html="")
        Mapping.objects.create(connection=row, object_name=f"Past{number}__c", mapping_id="m")


def switches() -> None:
    """Make a row for every kill switch."""
    for name in SwitchName:
        Switch.objects.create(name=name, on=True)


def five() -> dict[str, Tenant]:
    """Make the cast, each at another point of the way."""
    now = timezone.now()
    acme = cast.enrol(cast.ACME)
    live = connection(acme, live_at=now, authorized_at=now, salesforce_username="ops@acme.example")
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
    dune = cast.enrol(DUNE)
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
    ember = cast.enrol(EMBER)
    Tenant.objects.filter(pk=ember.pk).update(offboarded_at=now)
    connection(ember, Stage.OFFBOARDED)
    return {"acme": acme, "borealis": borealis, "cirrus": cirrus, "dune": dune, "ember": ember}
