"""Heroku Connect's diagnoses and notifications: on demand, once live, and every night."""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from connect.clients import heroku_health, http
from connect.clients.accounts import remote_of
from connect.formats import counted
from connect.health import observations
from connect.health.in_time import in_time
from connect.models import Connection, Diagnosis, Health, Notification, Stage
from tenants import timeline
from tenants.models import EventKind

log = logging.getLogger(__name__)

NIGHT_HOURS = range(1, 5)  # hours, UTC
# Less than a day, so that a connection's turn does not move out of the night hours.
INTERVAL = timedelta(hours=20)
MAX_AT_A_TIME = 40
RESULT_TIMEOUT = timedelta(minutes=30)
KEEP = timedelta(days=90)


def is_running(connection: Connection) -> bool:
    """Return whether a diagnosis was started and has no result yet."""
    return connection.diagnoses.filter(ended_at=None).exists()


def waiting(connection: Connection) -> QuerySet[Notification]:
    """Return the notifications that nobody has acknowledged."""
    return connection.notifications.filter(acknowledged_at=None)


def start(connection: Connection, actor: str) -> Diagnosis | None:
    """Start a diagnosis; return None, and start nothing, if one is running. Raises RemoteError."""
    if is_running(connection):
        return None
    diagnosis = Diagnosis.objects.create(connection=connection, actor=actor)
    try:
        diagnosis.run_id = heroku_health.start_diagnosis(remote_of(connection))
    except http.RemoteError as error:
        _end(diagnosis, error.words)
        raise
    diagnosis.save(update_fields=["run_id"])
    health = observations.of(connection)
    health.diagnosed_at = diagnosis.asked_at
    health.save(update_fields=["diagnosed_at"])
    return diagnosis


def start_due() -> int:
    """Start the nightly diagnoses and the first one of each connection; return how many."""
    now = timezone.now()
    due = Q(health__diagnosed_at=None)
    if now.hour in NIGHT_HOURS:
        due |= Q(health__diagnosed_at__lt=now - INTERVAL)
    rows = Connection.objects.filter(due, stage=Stage.LIVE).select_related(
        "tenant", "health", "host_app"
    )
    rows = rows.order_by(F("health__diagnosed_at").asc(nulls_first=True))
    started = 0
    for connection in in_time(rows[:MAX_AT_A_TIME]):
        try:
            started += start(connection, timeline.PORTAL) is not None
            fetch_notifications(connection)
        except http.RemoteError as error:
            log.warning("not diagnosed connection=%s error=%s", connection.pk, error)
            # Counts as done for today, or one bad connection would stay first for ever.
            Health.objects.filter(pk=connection.pk).update(diagnosed_at=now)
    return started


def collect() -> int:
    """Fetch the results that are ready; return how many."""
    _end_lost()
    # Without a run id the call that starts it has not returned yet. In any order, so that those of
    # a region that hangs do not stay the first.
    under_way = Diagnosis.objects.filter(ended_at=None).exclude(run_id="")
    rows = under_way.select_related("connection__tenant", "connection__host_app")
    return sum(_collect(each) for each in in_time(rows.order_by("?")[:MAX_AT_A_TIME]))


def _end_lost() -> None:
    """End those whose worker died before they were started: they would keep off the next one."""
    asked_before = timezone.now() - RESULT_TIMEOUT
    lost = Diagnosis.objects.filter(ended_at=None, run_id="", asked_at__lt=asked_before)
    lost.update(ended_at=timezone.now(), error="It was never started: the worker died.")


def fetch_notifications(connection: Connection) -> int:
    """Store the notifications; return how many are not acknowledged. Raises RemoteError."""
    found = heroku_health.notifications(remote_of(connection))
    Notification.objects.bulk_create(
        [
            Notification(
                connection=connection,
                remote_id=each.id,
                at=each.at,
                event_type=each.event_type,
                message=each.message,
            )
            for each in found
        ],
        # The API returns all that are not acknowledged, so most of them are stored already.
        ignore_conflicts=True,
    )
    return len(found)


def acknowledge(connection: Connection, actor: str) -> int:
    """Acknowledge the stored notifications, at Heroku Connect and here; newer ones stay.

    Raises RemoteError.
    """
    unread = waiting(connection)
    newest = unread.order_by("-at").values_list("at", flat=True).first()
    if newest is None:
        return 0
    # The API acknowledges what lies before a time, so this one lies just after the newest.
    before = newest + timedelta(microseconds=1)
    heroku_health.acknowledge(remote_of(connection), before)
    return unread.filter(at__lt=before).update(
        acknowledged_at=timezone.now(), acknowledged_by=actor
    )


def prune(now: datetime) -> int:
    """Delete old diagnoses and acknowledged notifications; return how many."""
    old = Diagnosis.objects.filter(asked_at__lt=now - KEEP)
    read = Notification.objects.filter(acknowledged_at__lt=now - KEEP)
    return sum(rows.delete()[0] for rows in (old, read))


def _collect(diagnosis: Diagnosis) -> int:
    connection = diagnosis.connection
    try:
        found = heroku_health.diagnosis(remote_of(connection), diagnosis.run_id)
    except http.Retryable:
        found = None
    except http.RemoteError as error:
        return _end(diagnosis, error.words)
    if found is not None:
        diagnosis.findings = [asdict(each) for each in found]
        diagnosis.errors = sum(each.pile == "errors" for each in found)
        diagnosis.warnings = sum(each.pile == "warnings" for each in found)
        return _end(diagnosis, "")
    if timezone.now() - diagnosis.asked_at > RESULT_TIMEOUT:
        return _end(diagnosis, "Heroku Connect gave no result.")
    return 0


def _end(diagnosis: Diagnosis, error: str) -> int:
    diagnosis.ended_at, diagnosis.error = timezone.now(), error[:500]
    diagnosis.save()
    if diagnosis.errors or diagnosis.warnings:
        errors, warnings = (
            counted(diagnosis.errors, "error"),
            counted(diagnosis.warnings, "warning"),
        )
        text = f"Diagnosis: {errors}, {warnings}."
        timeline.note(
            diagnosis.connection.tenant_id, EventKind.HEALING, text, diagnosis=diagnosis.pk
        )
    return int(not error)
