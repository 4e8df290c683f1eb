"""Heroku Connect's own checks and notifications: on demand, after authorization and every night."""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from connect.clients import heroku_health, http
from connect.health import observations
from connect.models import Connection, Diagnosis, Health, Notification, Stage
from tenants import timeline
from tenants.models import EventKind

log = logging.getLogger(__name__)

NIGHT = range(1, 5)  # hours, UTC
EVERY = timedelta(hours=20)
AT_A_TIME = 40
GIVE_UP_AFTER = timedelta(minutes=30)
KEEP = timedelta(days=90)


def start(connection: Connection, actor: str) -> Diagnosis:
    """Begin a diagnosis, unless one is under way. Raises RemoteError."""
    under_way = connection.diagnoses.filter(ended_at=None).first()
    if under_way:
        return under_way
    diagnosis = Diagnosis.objects.create(connection=connection, actor=actor)
    try:
        diagnosis.run_id = heroku_health.start_diagnosis(
            connection.region_url, connection.connection_id
        )
    except http.RemoteError as trouble:
        _end(diagnosis, trouble.words)
        raise
    diagnosis.save(update_fields=["run_id"])
    health = observations.of(connection)
    health.diagnosed_at = diagnosis.asked_at
    health.save(update_fields=["diagnosed_at"])
    return diagnosis


def start_due() -> int:
    """Begin those of the night, and the first one of every connection; return how many."""
    now = timezone.now()
    due = Q(health__diagnosed_at=None)
    if now.hour in NIGHT:
        due |= Q(health__diagnosed_at__lt=now - EVERY)
    rows = Connection.objects.filter(due, stage=Stage.LIVE).select_related("tenant", "health")
    rows = rows.order_by(F("health__diagnosed_at").asc(nulls_first=True))
    started = 0
    for connection in rows[:AT_A_TIME]:
        try:
            start(connection, timeline.PORTAL)
            fetch_notifications(connection)
            started += 1
        except http.RemoteError as trouble:
            log.warning("not diagnosed connection=%s error=%s", connection.pk, trouble)
            Health.objects.filter(pk=connection.pk).update(diagnosed_at=now)
    return started


def collect() -> int:
    """Fetch the results that are there by now; return how many."""
    under_way = Diagnosis.objects.filter(ended_at=None).exclude(run_id="")
    return sum(
        _collect(each) for each in under_way.select_related("connection__tenant")[:AT_A_TIME]
    )


def fetch_notifications(connection: Connection) -> int:
    """Keep what Heroku Connect has to say; return how many are not acknowledged. RemoteError."""
    found = heroku_health.notifications(connection.region_url, connection.connection_id)
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
        ignore_conflicts=True,
    )
    return len(found)


def acknowledge(connection: Connection, actor: str) -> int:
    """Acknowledge the kept notifications, there and here; newer ones stay. Raises RemoteError."""
    waiting = connection.notifications.filter(acknowledged_at=None)
    newest = waiting.order_by("-at").values_list("at", flat=True).first()
    if newest is None:
        return 0
    before = newest + timedelta(microseconds=1)
    heroku_health.acknowledge(connection.region_url, connection.connection_id, before)
    return waiting.filter(at__lt=before).update(
        acknowledged_at=timezone.now(), acknowledged_by=actor
    )


def prune(now: datetime) -> int:
    """Delete old diagnoses and acknowledged notifications; return how many."""
    old = Diagnosis.objects.filter(asked_at__lt=now - KEEP)
    told = Notification.objects.filter(acknowledged_at__lt=now - KEEP)
    return sum(rows.delete()[0] for rows in (old, told))


def _collect(diagnosis: Diagnosis) -> int:
    connection = diagnosis.connection
    try:
        found = heroku_health.diagnosis(
            connection.region_url, connection.connection_id, diagnosis.run_id
        )
    except http.Retryable:
        found = None
    except http.RemoteError as trouble:
        return _end(diagnosis, trouble.words)
    if found is not None:
        diagnosis.findings = [asdict(each) for each in found]
        diagnosis.errors = sum(each.pile == "errors" for each in found)
        diagnosis.warnings = sum(each.pile == "warnings" for each in found)
        return _end(diagnosis, "")
    if timezone.now() - diagnosis.asked_at > GIVE_UP_AFTER:
        return _end(diagnosis, "Heroku Connect gave no result.")
    return 0


def _end(diagnosis: Diagnosis, trouble: str) -> int:
    diagnosis.ended_at, diagnosis.trouble = timezone.now(), trouble[:500]
    diagnosis.save()
    if diagnosis.errors or diagnosis.warnings:
        text = f"Diagnosis: {diagnosis.errors} errors, {diagnosis.warnings} warnings."
        timeline.note(
            diagnosis.connection.tenant_id, EventKind.HEALING, text, diagnosis=diagnosis.pk
        )
    return int(not trouble)
