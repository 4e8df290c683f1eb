"""What the portal does about an incident by itself: each remedy with a limit and a record.

Every step goes through connect.operations or the e-mails, so it holds the connection's lease and
leaves an event. When the remedy is used up, staff are told once that a person is needed.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from connect.health import notices
from connect.health.quiet import is_quiet
from connect.models import Connection, HealingAttempt, Incident, IncidentKind, IncidentStatus, Stage
from tenants import messages, timeline
from tenants.models import EventKind, MessageKind, SalesforceGrant

log = logging.getLogger(__name__)

QUEUED_FOR = timedelta(minutes=2)  # then the task of a step counts as lost
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
# operations.operate, handed in by connect.tasks: it stands above this room.
Operate = Callable[[str, int], str]


@dataclass(frozen=True)
class Remedy:
    """`pauses[n]` is the wait before the n-th step, so their number is the limit."""

    name: str
    pauses: tuple[timedelta, ...]
    step: Callable[[Incident, Connection, Operate], str]


def _mail_reauthorize(incident: Incident, connection: Connection, operate: Operate) -> str:
    message = messages.queue(
        connection.tenant,
        MessageKind.AUTHORIZE_AGAIN,
        key=f"reauthorize:{incident.pk}:{incident.attempts}",
    )
    return f"Mailed {message.to} a link to authorize again."


def _mail_sign_in(incident: Incident, connection: Connection, operate: Operate) -> str:
    grant = SalesforceGrant.objects.filter(tenant=connection.tenant).first()
    lost = f"{grant.issued_at:%Y%m%d%H%M%S}" if grant else "none"
    key = f"sign_in:again:{connection.pk}:{lost}:{incident.attempts}"
    message = messages.queue(connection.tenant, MessageKind.SIGN_IN, key=key)
    return f"Asked {message.to} to sign in to Salesforce again."


def _restart(incident: Incident, connection: Connection, operate: Operate) -> str:
    return operate("restart", connection.pk)


def _link(incident: Incident, connection: Connection, operate: Operate) -> str:
    return operate("link", connection.pk)


REMEDIES = {
    IncidentKind.UNAUTHORIZED: Remedy(
        "reauthorize", (timedelta(), 2 * _DAY, 3 * _DAY), _mail_reauthorize
    ),
    IncidentKind.GRANT_LOST: Remedy("sign_in", (timedelta(), 3 * _DAY), _mail_sign_in),
    IncidentKind.SYSTEM_ERROR: Remedy(
        "restart", (timedelta(), 10 * _MINUTE, 30 * _MINUTE, 120 * _MINUTE), _restart
    ),
    IncidentKind.DB_UNAVAILABLE: Remedy(
        "restart", (timedelta(), 10 * _MINUTE, 30 * _MINUTE, 120 * _MINUTE), _restart
    ),
    IncidentKind.HEROKU_UNAUTH: Remedy("link", (timedelta(), 10 * _MINUTE, 60 * _MINUTE), _link),
}
LAST_LOOK = timedelta(minutes=15)  # after the last step, before a person is called


def prescribe(incident: Incident, now: datetime) -> None:
    """Set the time of an incident's next step, if there is a remedy that is not used up."""
    remedy = REMEDIES.get(IncidentKind(incident.kind))
    if remedy is None or incident.needs_person_since:
        return
    pauses = remedy.pauses
    pause = pauses[incident.attempts] if incident.attempts < len(pauses) else LAST_LOOK
    incident.next_attempt_at = now + pause
    Incident.objects.filter(pk=incident.pk).update(next_attempt_at=incident.next_attempt_at)


def take_due(limit: int) -> list[int]:
    """Return the incidents whose step is due; a step whose task was lost comes up again."""
    now = timezone.now()
    due = Incident.objects.filter(status=IncidentStatus.OPEN, next_attempt_at__lte=now)
    ids = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    return [pk for pk in ids if due.filter(pk=pk).update(next_attempt_at=now + QUEUED_FOR)]


def heal(incident_id: int, operate: Operate) -> str:
    """Do an incident's next step; return what was done, "" when nothing is to be done now.

    The step is counted before it is done, so that one which kills its worker is counted too.
    """
    found = Incident.objects.select_related("connection__tenant").filter(
        pk=incident_id, status=IncidentStatus.OPEN, away_since=None
    )
    incident = found.first()
    connection = incident.connection if incident else None
    if incident is None or connection is None or connection.stage != Stage.LIVE:
        return ""
    remedy = REMEDIES.get(IncidentKind(incident.kind))
    if remedy is None or incident.needs_person_since or is_quiet(connection):
        return ""
    if incident.attempts >= len(remedy.pauses):
        return _call_a_person(incident, remedy)
    counted = found.filter(attempts=incident.attempts).update(attempts=incident.attempts + 1)
    if not counted:
        return ""
    text = remedy.step(incident, connection, operate)
    incident.attempts += 1
    _record(incident, remedy.name, text)
    prescribe(incident, timezone.now())
    return text


def _call_a_person(incident: Incident, remedy: Remedy) -> str:
    now = timezone.now()
    mine = Incident.objects.filter(pk=incident.pk, needs_person_since=None)
    if not mine.update(needs_person_since=now, next_attempt_at=None):
        return ""
    text = f"Did “{remedy.name}” {incident.attempts} times without success."
    notices.needs_person(incident, text)
    _record(incident, "person", text)
    return text


def _record(incident: Incident, remedy: str, text: str) -> None:
    HealingAttempt.objects.create(incident=incident, remedy=remedy, text=text)
    assert incident.connection is not None  # noqa: S101  (heal has looked)
    timeline.note(
        incident.connection.tenant_id, EventKind.HEALING, text, incident=incident.pk, remedy=remedy
    )
