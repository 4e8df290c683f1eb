"""What else grows with the number of tenants: what Heroku has said, tasks, webhooks, posts."""

from django_q.models import OrmQ, Success
from django_q.signing import SignedPackage

from bench.fleet.loading import fill
from connect.models import (
    Connection,
    Diagnosis,
    Discrepancy,
    DiscrepancyKind,
    HealingAttempt,
    Notification,
    SchemaFate,
    Stage,
    WebhookNotice,
    WriteRepair,
)
from portal.integrations.models import WebhookDelivery, WebhookDeliveryStatus, WebhookEvent
from social.models import CollectionRun, Handle, Post, TenantCollection
from tenants.models import Erasure, OrgRule, RateBucket, StoppedRecipient, UsedSignature

MODELS = (TenantCollection, Handle, Post, WebhookEvent, WebhookDelivery, Success)  # the large ones
RUNS = 2  # collection runs whose results are still there, of each tenant
_LIVE = "connect_connection c WHERE c.stage = 'live'"
_AGO = "now() - c.id * interval '1 minute'"


def of_tenants() -> None:
    """Store the rows of the tenants that are there: of each, or of one in so many."""
    _connections()
    _incidents()
    _registrations()
    _tasks()
    _webhooks()
    _social()


def _connections() -> None:
    ended = Connection.objects.filter(stage=Stage.OFFBOARDED)
    ended.update(schema_fate=SchemaFate.KEEP)
    fill(
        Discrepancy,
        f"{_LIVE} AND c.id % 100 = 1",
        kind=f"'{DiscrepancyKind.CHANGED}'",
        key="'connection:' || c.id",
        text="'The add-on has another name.'",
        addon_id="c.addon_id",
        addon_name="c.addon_name",
        tenant_id="c.tenant_id",
        row_id="c.id",
        host_app_id="c.host_app_id",
    )
    checked = {"connection_id": "c.id", "asked_at": _AGO, "ended_at": _AGO, "errors": "1"}
    fill(Diagnosis, f"{_LIVE} AND c.id % 20 = 1", **checked)
    fill(
        Notification,
        f"{_LIVE} AND c.id % 10 = 1",
        connection_id="c.id",
        remote_id="md5(c.id::text)",
        at=_AGO,
        event_type="'connection_error'",
        message="'The database does not answer.'",
    )


def _incidents() -> None:
    step = {"incident_id": "i.id", "at": "i.seen_at", "remedy": "'restart'", "text": "'Done.'"}
    fill(HealingAttempt, "connect_incident i, generate_series(1, 2)", **step)
    sent = {"next_attempt_at": "NULL", "sent_at": "i.seen_at"}
    said = {"incident_id": "i.id", "what": "'opened'", "text": "i.text"}
    fill(WebhookNotice, "connect_incident i", **said, **sent)
    fill(
        WriteRepair,
        "connect_writeerror e, generate_series(1, 3) k",
        connection_id="e.connection_id",
        error_id="e.id",
        table_name="e.table_name",
        record_id="k",
        log_id="k",
        cause="e.cause",
        action="'retry'",
        actor="'mia'",
        result="'SUCCESS'",
        ended_at="now()",
    )


def _registrations() -> None:
    erased = {"actor": "'mia'", "tenant_number": "t.id", "org_digest": "md5(t.org_id)"}
    fill(Erasure, "tenants_tenant t WHERE t.id % 100 = 1", **erased)
    rule = {"org_id": "t.org_id", "verdict": "'allowed'", "why": "'known'", "who": "'mia'"}
    fill(OrgRule, "tenants_tenant t WHERE t.id % 100 = 2", **rule)
    stopped = {"digest": "md5(t.admin_email)", "tenant_id": "t.id"}
    fill(StoppedRecipient, "tenants_tenant t WHERE t.id % 100 = 3", **stopped)
    bucket = {"key": "'recipient:' || t.id", "tokens": "3", "filled_at": "now()"}
    fill(RateBucket, "tenants_tenant t WHERE t.id % 20 = 4", **bucket)
    fill(UsedSignature, "tenants_tenant t WHERE t.id % 100 = 5", digest="md5(t.org_id)")


def _tasks() -> None:
    task = {"name": "'step-' || t.id", "func": "'connect.tasks.step'"}
    times = {"started": "now() - t.id * interval '1 minute'", "stopped": "now()"}
    ended = {"id": "md5('task' || t.id)", **task, **times}
    fill(Success, "tenants_tenant t", success="t.id % 100 <> 6", **ended)
    payload = SignedPackage.dumps(
        {"id": "0" * 32, "name": "step", "func": "connect.tasks.step", "args": (), "kwargs": {}}
    )
    waiting = {"key": "'multiconnect'", "payload": f"'{payload}'", "lock": "now()"}
    fill(OrmQ, "tenants_tenant t WHERE t.id % 100 = 7", **waiting)


def _webhooks() -> None:
    """Store each registration as an event, and its delivery to every webhook."""
    fill(
        WebhookEvent,
        "tenants_tenant t",
        uid="gen_random_uuid()",
        tenant_id="t.id",
        kind="'tenant.registered'",
        sequence="1",
        body="'{}'",
    )
    fill(
        WebhookDelivery,
        "integrations_webhookevent e, integrations_webhook w",
        webhook_id="w.id",
        event_id="e.id",
        status=f"'{WebhookDeliveryStatus.DELIVERED}'",
        next_attempt_at="NULL",
        attempts="1",
        answer="204",
        delivered_at="e.at",
    )


def _social() -> None:
    """Store a handle of each live tenant, two posts of each, and the last runs' results."""
    fill(Handle, _LIVE, name="'handle' || c.id", username="'Handle' || c.id", asked_at="now()")
    fill(
        Post,
        "social_handle h, generate_series(1, 2) k",
        id="row_number() OVER ()",
        handle_id="h.name",
        author="h.username",
        body="'Words about pumps.'",
        posted_at="now()",
        likes="7",
        reposts="k",
        changed_in="1",
    )
    last = CollectionRun.objects.order_by("-pk").values_list("pk", flat=True)[:RUNS]
    result = {"connection_id": "c.id", "accounts": "3", "handles": "1", "inserted": "2"}
    for run in last:
        fill(TenantCollection, _LIVE, run_id=str(run), **result)
