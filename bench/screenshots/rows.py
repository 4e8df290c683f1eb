"""The rows that the pictures are about: made for them, in the fleet of the bench."""

from datetime import timedelta
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from connect.models import Connection
    from portal.actions.action import Run

_TABLE = "CREATE SCHEMA {0}; CREATE TABLE {0}.account AS SELECT generate_series(1, 5000) AS id"


def cases() -> "dict[str, Connection]":
    """Return a connection for each case that the pictures are about."""
    from connect.models import Connection, Stage

    current = Connection.objects.filter(offboarded_at=None).select_related("tenant")
    live = current.filter(stage=Stage.LIVE)
    idle = live.filter(state="IDLE")
    ill = idle.filter(mappings__rows_failed__gt=0)
    found = {
        "waiting": current.filter(stage=Stage.WAITING_FOR_AUTHORIZATION).first(),
        "consent": current.filter(stage=Stage.WAITING_FOR_CONSENT).first(),
        "blocked": current.filter(blocked_at__isnull=False).order_by("blocked_at").first(),
        "live": _well(idle),
        "ill": ill.first(),
        "stopped": live.filter(state="UNAUTHORIZED").first(),
        "grace": ill.last(),
    }
    missing = [name for name, row in found.items() if row is None]
    if missing:
        raise LookupError(f"the seeded fleet lacks {', '.join(missing)}")
    return {name: row for name, row in found.items() if row}


def _well(idle: "QuerySet[Connection]") -> "Connection | None":
    """Return one that is well and has a history."""
    from connect import standing

    with_history = idle.filter(samples__isnull=False).distinct().order_by("pk")
    return next((row for row in with_history if standing.of(row).tone == standing.Tone.GOOD), None)


def begin_grace(row: "Connection") -> None:
    """Let a live connection be in its grace period."""
    from django.utils import timezone

    from connect.models import WAITS_FOR_END, Connection, SchemaFate, Stage

    ends_at = timezone.now() + timedelta(days=5, hours=3)
    facts = {"stage_before": Stage.LIVE, "ends_at": ends_at, "schema_fate": SchemaFate.KEEP}
    facts |= {"state": "PAUSED", "waiting_for": WAITS_FOR_END, "next_attempt_at": ends_at}
    Connection.objects.filter(pk=row.pk).update(stage=Stage.GRACE, **facts)


def keep_schemas() -> None:
    """Let off-boarded tenants have kept their schemas; one of them has been dropped by hand."""
    from django.db import connection as database

    from connect.models import Connection, SchemaFate, Stage

    ended = Connection.objects.filter(stage=Stage.OFFBOARDED)
    ended.update(schema_fate=SchemaFate.KEEP)
    with database.cursor() as cursor:
        for name in ended.values_list("schema_name", flat=True)[1:]:
            cursor.execute(_TABLE.format(name))


def incident(ill: "Connection") -> int:
    """Make an incident that the portal is healing, and return its key."""
    from django.utils import timezone

    from connect.models import HealingAttempt, Incident, IncidentKind, IncidentStatus

    now = timezone.now()
    made = Incident.objects.create(
        connection=ill,
        kind=IncidentKind.DB_UNAVAILABLE,
        status=IncidentStatus.OPEN,
        text="Heroku Connect cannot reach the tenants’ database: connection refused.",
        suspected_at=now - timedelta(hours=1),
        opened_at=now - timedelta(minutes=50),
        attempts=1,
        next_attempt_at=now + timedelta(minutes=9),
    )
    HealingAttempt.objects.create(incident=made, remedy="restart", text="“Restart” done.")
    return int(made.pk)


def rollout() -> int:
    """Make a roll-out that is half-way, and return its key."""
    from django.utils import timezone

    from connect.models import (
        Connection,
        MappingTemplate,
        Rollout,
        RolloutItem,
        RolloutItemStatus,
        RolloutStatus,
    )

    template = MappingTemplate.objects.latest("version")
    rollout = Rollout.objects.create(
        template=template,
        author="mia",
        status=RolloutStatus.RUNNING,
        canary_size=5,
        wave_size=20,
        wave=1,
    )
    live = list(Connection.objects.filter(stage="live", state="IDLE").order_by("-pk")[:45])
    for number, row in enumerate(live):
        status, error = RolloutItemStatus.READY, ""
        ended = timezone.now() - timedelta(minutes=2 * (21 - number))
        if number < 21:
            status = RolloutItemStatus.DONE
        if number in (6, 13):
            status, error = RolloutItemStatus.FAILED, "Heroku Connect answers 503 for hours."
        RolloutItem.objects.create(
            rollout=rollout,
            connection=row,
            wave=0 if number < 5 else 1 + (number - 5) // 20,
            target=template,
            status=status,
            last_error=error,
            finished_at=None if status == RolloutItemStatus.READY else ended,
        )
    return int(rollout.pk)


def switch_off(name: str, why: str, actor: str) -> None:
    from portal.actions import action as registry
    from tenants.models import Switch

    how = cast("Run", registry.of(Switch)["turn_off"].how)
    how([Switch(name=name)], actor, {"why": why})


def sign_in(row: "Connection") -> None:
    """Let the admin have signed in to Salesforce: the fleet has grants of live ones alone."""
    from tenants.models import SalesforceGrant

    tenant = row.tenant
    SalesforceGrant.objects.create(
        tenant=tenant,
        username=tenant.admin_email,
        instance_url="https://acme.my.salesforce.com",
        issued_at=tenant.registered_at,
    )


def bulk_run() -> int:
    """Make a bulk action that is half-way, and return its key."""
    from django.utils import timezone

    from connect.models import Connection, Stage
    from portal.models import BulkItem, BulkItemStatus, BulkRun

    rows = list(Connection.objects.filter(stage=Stage.LIVE).select_related("tenant")[:60])
    now = timezone.now()
    run = BulkRun.objects.create(
        action="pause", label="Pause", actor="olga", total=len(rows), created_at=now
    )
    for number, row in enumerate(rows):
        status, text = BulkItemStatus.WAITING, ""
        if number < 33:
            status, text = BulkItemStatus.DONE, "Pause: accepted; the state is now PAUSED."
        if number in (7, 19):
            status, text = BulkItemStatus.SKIPPED, "it is already paused"
        if number == 24:
            status, text = BulkItemStatus.FAILED, "Heroku Connect answers 503: try again later."
        ended = now - timedelta(seconds=60 - number) if status != BulkItemStatus.WAITING else None
        BulkItem.objects.create(
            run=run, tenant=row.tenant, connection=row, status=status, text=text, ended_at=ended
        )
    return int(run.pk)
