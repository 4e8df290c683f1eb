"""Any number of rows for the admin's pages: tenants outside the cast, with each model's rows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from connect.models import (
    AddonDay,
    ApiBudget,
    Connection,
    DefaultTemplate,
    Diagnosis,
    Discrepancy,
    Drift,
    HealingAttempt,
    Health,
    HealthSample,
    HostApp,
    Incident,
    Mapping,
    MappingTemplate,
    Notification,
    Reconciliation,
    Rollout,
    RolloutItem,
    Tag,
    WebhookNotice,
    WriteError,
    WriteRepair,
)
from portal.integrations.models import ApiToken, Webhook, WebhookDelivery, WebhookEvent
from portal.models import BulkItem, BulkRun, Heartbeat
from tenants import orgid
from tenants.models import (
    Callout,
    Erasure,
    Event,
    EventKind,
    OrgRule,
    Proof,
    RateBucket,
    StoppedRecipient,
    Tenant,
    UsedSignature,
)
from tests import cast
from tests.portal.admin import rows
from tests.portal.admin.rows import stored


def make(count: int, start: int = 1) -> None:
    """Make `count` rows of every model that has a page, except the kill switches."""
    now = timezone.now()
    numbers = range(start, start + count)
    template, _ = MappingTemplate.objects.get_or_create(
        version=1, defaults={"document": rows.DOCUMENT}
    )
    connections = connected(numbers, template=template)
    _tenant_rows(numbers, [each.tenant for each in connections], now)
    _connect_rows(numbers, connections, template)
    health(*connections)
    _mapping_rows(numbers, connections, template)
    _portal_rows(numbers, connections)
    _integration_rows(numbers, connections, now)
    for name in settings.USE_CASES:
        import_module(f"tests.{name}.rows").strangers(numbers, connections, now)
    _queue_rows(numbers, now)


def connected(numbers: Sequence[int], **fields: Any) -> list[Connection]:
    """Make strangers with these numbers and a live connection each, and nothing else."""
    now = timezone.now()
    tenants = stored(_stranger(number, now) for number in numbers)
    return stored(rows.unsaved_connection(each, **fields) for each in tenants)


def _stranger(number: int, now: datetime) -> Tenant:
    return Tenant(
        org_id=orgid.normalize(f"00D7g{number:010d}"),
        name=f"Stranger {number}",
        admin_email=f"it@stranger-{number}.example",
        proof=Proof.SIGNED,
        proven_at=now,
        registered_at=now,
        sources=dict.fromkeys(cast.FIELDS, Proof.SIGNED),
    )


def _tenant_rows(numbers: Sequence[int], tenants: list[Tenant], now: datetime) -> None:
    body, sender = b'{"org_id": "x"}', "192.0.2.1"
    stored(rows.unsaved_grant(each) for each in tenants)
    stored(Callout(body=body, remote_address=sender, status=202, tenant=each) for each in tenants)
    stored(rows.unsaved_message(each) for each in tenants)
    stored(Event(tenant=each, kind=EventKind.REGISTERED, text="Registered.") for each in tenants)
    stored(UsedSignature(digest=f"{number:064d}") for number in numbers)
    stored(StoppedRecipient(digest=f"{number:064d}", tenant=tenants[0]) for number in numbers)
    stored(
        OrgRule(org_id=orgid.normalize(f"00D7h{number:010d}"), verdict="blocked", why="Spam")
        for number in numbers
    )
    stored(
        Erasure(actor="mia", tenant_number=number, org_digest=f"{number:064d}")
        for number in numbers
    )
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
    stored(AddonDay(day=date(2026, 1, 1) + timedelta(days=number)) for number in numbers)
    stored(ApiBudget(peer=f"peer-{number}", remaining=4000) for number in numbers)
    stored(HostApp(name=f"isv-connect-{number}", ready_at=timezone.now()) for number in numbers)
    stored(Drift(connection=each, template=template, state="same") for each in connections)
    stored(
        Discrepancy(kind="missing", key=f"connection:{each.pk}", tenant=each.tenant, row=each)
        for each in connections
    )
    stored(Reconciliation(actor="portal") for _ in connections)


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
    versions = [MappingTemplate(version=n, document=rows.DOCUMENT) for n in numbers if n > 1]
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


def _integration_rows(numbers: Sequence[int], connections: list[Connection], now: datetime) -> None:
    hooks = stored(
        Webhook(name=f"hook {number}", url="https://isv.example/secret", secret="whsec_x")
        for number in numbers
    )
    events = stored(
        WebhookEvent(tenant=each.tenant, kind="tenant.live", sequence=1, body="{}")
        for each in connections
    )
    stored(
        WebhookDelivery(webhook=hook, event=event, status="delivered")
        for hook, event in zip(hooks, events, strict=True)
    )
    stored(
        ApiToken(name=f"token {number}", digest=f"{number:064d}", expires_at=now)
        for number in numbers
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
