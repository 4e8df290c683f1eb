"""Healing: what the portal does by itself about an incident, with a limit and a record.

Every step is an operation or an e-mail, so it holds the lease and writes an event. After the last
step, staff get one alert that a person is needed.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.utils import timezone

from connect import remedies
from connect.formats import counted
from connect.health import alerts, causes
from connect.health.suppression import are_alerts_suppressed
from connect.models import Connection, HealingAttempt, Incident, IncidentKind, IncidentStatus, Stage
from tenants import attempts, grants, messages, timeline
from tenants.attempts import Schedule, minutes
from tenants.models import EventKind, MessageKind

log = logging.getLogger(__name__)

MAX_STEP_SECONDS = 60  # of one step; a task may take 120
QUEUED_FOR = timedelta(minutes=2)  # after that the task of a step counts as lost
ESCALATE_AFTER = timedelta(minutes=15)  # after the last step, before staff are notified
_DAY = timedelta(days=1)
RESTART = "restart"
_MAIL_AGAIN = Schedule((timedelta(), 2 * _DAY, 3 * _DAY), ESCALATE_AFTER)
_SIGN_IN_AGAIN = Schedule((timedelta(), 3 * _DAY), ESCALATE_AFTER)
_RESTARTS = Schedule((timedelta(), *minutes(10, 30, 120)), ESCALATE_AFTER)
_LINKS = Schedule((timedelta(), *minutes(10, 60)), ESCALATE_AFTER)
# connect.tasks passes operations.operate: this room must not import it.
Operate = Callable[[str, int], str]


@dataclass(frozen=True)
class Remedy:
    """`schedule` holds the pause before each step, so its length is the limit.

    `is_operation`: its step is an operation, which notes itself on the timeline.
    """

    name: str
    schedule: Schedule
    step: Callable[[Incident, Operate], str]
    is_operation: bool = False


def without_database(scope: str) -> QuerySet[Connection]:
    """Return the live connections that cannot reach their database; `scope` is an incident's."""
    return of_database(scope).filter(state=causes.DB_UNAVAILABLE).order_by("pk")


def of_database(scope: str) -> QuerySet[Connection]:
    """Return the live connections of a tenants' database; `scope` is an incident's."""
    own = Q(host_app=None) | Q(host_app__database=DEFAULT_DB_ALIAS)
    live = Connection.objects.filter(stage=Stage.LIVE).select_related("tenant")
    return live.filter(Q(host_app__database=scope) if scope else own)


def _connection(incident: Incident) -> Connection:
    assert incident.connection is not None  # noqa: S101  (only one kind that is healed has none)
    return incident.connection


def _mail_reauthorize(incident: Incident, operate: Operate) -> str:
    message = messages.queue(
        _connection(incident).tenant,
        MessageKind.AUTHORIZE_AGAIN,
        key=f"reauthorize:{incident.pk}:{incident.attempts}",
    )
    return f"Mailed {message.to} a link to authorize again."


def _mail_sign_in(incident: Incident, operate: Operate) -> str:
    connection = _connection(incident)
    grant = grants.of(connection.tenant)
    # The lost grant is a part of the key: the next one that is lost is mailed about again.
    lost = f"{grant.issued_at:%Y%m%d%H%M%S}" if grant else "none"
    key = f"sign_in:again:{connection.pk}:{lost}:{incident.attempts}"
    message = messages.queue(connection.tenant, MessageKind.SIGN_IN, key=key, again="yes")
    return f"Asked {message.to} to sign in to Salesforce again."


def _restart(incident: Incident, operate: Operate) -> str:
    return operate(RESTART, _connection(incident).pk)


def _restart_all(incident: Incident, operate: Operate) -> str:
    """Restart all that cannot reach the database; those left over have their turn at the next."""
    stop_at, count = time.monotonic() + MAX_STEP_SECONDS, 0
    for connection in without_database(incident.scope).filter(tenant__heals_itself=True):
        if time.monotonic() > stop_at:
            break
        try:
            operate(RESTART, connection.pk)
        except Exception:  # one that is busy must not stop the others
            log.exception("not restarted connection=%s", connection.pk)
        else:
            count += 1
    return f"Restarted {counted(count, 'connection')}."


def _link(incident: Incident, operate: Operate) -> str:
    return operate("link", _connection(incident).pk)


REMEDIES = {
    IncidentKind.UNAUTHORIZED: Remedy("reauthorize", _MAIL_AGAIN, _mail_reauthorize),
    IncidentKind.GRANT_LOST: Remedy("sign_in", _SIGN_IN_AGAIN, _mail_sign_in),
    IncidentKind.SYSTEM_ERROR: Remedy(RESTART, _RESTARTS, _restart, is_operation=True),
    IncidentKind.DB_UNAVAILABLE: Remedy(RESTART, _RESTARTS, _restart, is_operation=True),
    IncidentKind.DATABASE: Remedy(RESTART, _RESTARTS, _restart_all, is_operation=True),
    IncidentKind.HEROKU_UNAUTH: Remedy("link", _LINKS, _link, is_operation=True),
}


def is_restarted(kind: IncidentKind) -> bool:
    """Return whether the portal restarts a connection with this problem."""
    return kind in REMEDIES and REMEDIES[kind].name == RESTART


def needs_person(incident: Incident) -> bool:
    """Return whether a person has to act from the beginning: the portal does nothing about it."""
    kind = IncidentKind(incident.kind)
    if kind in REMEDIES:
        return not _heals_itself(incident.connection)
    return remedies.INCIDENTS[kind].by != remedies.By.PORTAL


def _heals_itself(connection: Connection | None) -> bool:
    """Return whether staff let the portal heal it; an incident about many is healed."""
    return connection is None or connection.tenant.heals_itself


def schedule_step(incident: Incident, now: datetime) -> None:
    """Set the time of an incident's next healing step, if one is left."""
    remedy = REMEDIES.get(IncidentKind(incident.kind))
    if remedy is None or incident.needs_person_since:
        return
    pause = remedy.schedule.pause(incident.attempts)
    incident.next_attempt_at = now + pause if pause is not None else None
    Incident.objects.filter(pk=incident.pk).update(next_attempt_at=incident.next_attempt_at)


def take_due(limit: int) -> list[int]:
    """Return the incidents whose step is due; a step whose task was lost is among them again."""
    now = timezone.now()
    due = Incident.objects.filter(status=IncidentStatus.OPEN, next_attempt_at__lte=now)
    ids = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    # The update repeats the condition: of two workers only one gets each incident.
    return [pk for pk in ids if due.filter(pk=pk).update(next_attempt_at=now + QUEUED_FOR)]


def heal(incident_id: int, operate: Operate) -> str:
    """Run an incident's next healing step; return what was done, "" if nothing is due.

    The step is counted before it runs, so that a step that kills its worker counts too.
    """
    found = Incident.objects.select_related("connection__tenant").filter(
        # An absent problem may be over: healing would disturb a connection that is well.
        pk=incident_id,
        status=IncidentStatus.OPEN,
        absent_since=None,
    )
    incident = found.first()
    if incident is None or incident.needs_person_since:
        return ""
    remedy = REMEDIES.get(IncidentKind(incident.kind))
    if remedy is None or not _may_be_healed(incident.connection):
        return ""
    if not _heals_itself(incident.connection):  # staff have changed that since it opened
        return _escalate(incident, "Staff do not want the portal to heal this tenant by itself.")
    if remedy.schedule.is_used_up(incident.attempts):
        text = f"Did “{remedy.name}” {incident.attempts} times without success."
        return _escalate(incident, text)
    if not attempts.count(found, incident.attempts):
        return ""
    text = remedy.step(incident, operate)
    incident.attempts += 1
    _record(incident, remedy.name, text, is_noted=remedy.is_operation)
    schedule_step(incident, timezone.now())
    return text


def _may_be_healed(connection: Connection | None) -> bool:
    if connection is None:  # an incident about many
        return True
    return connection.stage == Stage.LIVE and not are_alerts_suppressed(connection)


def _escalate(incident: Incident, text: str) -> str:
    now = timezone.now()
    mine = Incident.objects.filter(pk=incident.pk, needs_person_since=None)
    # Only the worker whose update matches alerts staff, so they get one alert.
    if not mine.update(needs_person_since=now, next_attempt_at=None):
        return ""
    alerts.notify_needs_person(incident, text)
    _record(incident, "person", text)
    return text


def _record(incident: Incident, remedy: str, text: str, *, is_noted: bool = False) -> None:
    HealingAttempt.objects.create(incident=incident, remedy=remedy, text=text)
    if incident.connection is None or is_noted:
        return
    timeline.note(
        incident.connection.tenant_id, EventKind.HEALING, text, incident=incident.pk, remedy=remedy
    )
