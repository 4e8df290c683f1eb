"""What an incident's page shows: the remedy's plan, what it is about, and the timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone

from connect import remedies
from connect.formats import format_duration
from connect.health import affected, healing
from connect.models import Incident, IncidentKind, IncidentStatus
from tenants.models import Event, EventKind

MAX_SHOWN = 50
MARGIN = timedelta(minutes=1)  # an event may be a moment older than the incident that it is about
_STEPS = {
    "reauthorize": "Mail the admin a link to authorize again",
    "sign_in": "Mail the admin a link to sign in again",
    healing.RESTART: "Restart",
    "link": "Link the connection again",
}
_PERSON = "Notify staff that a person is needed"
_OPENED, _OVER = ("opened",), ("recovered", "ended")  # what events of connect.health.alerts say
_DONE = (EventKind.STAFF_ACTION, EventKind.NOTE, EventKind.HEALING)


@dataclass(frozen=True)
class Step:
    """One step of the plan: `at` is when it was or will be done, None for one that comes later."""

    label: str
    state: str
    at: datetime | None
    text: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the timeline. `kind` is a kind of event or "", `actor` "" for the portal."""

    at: datetime
    text: str
    actor: str = ""
    kind: str = ""


def context(incident: Incident) -> dict[str, Any]:
    """Return the page's data, with a fixed number of queries."""
    shown = list(affected.of(incident)[: MAX_SHOWN + 1])
    return {
        "incident": incident,
        "remedy": remedies.of_incident(incident),
        "entry": remedies.entry_of(IncidentKind(incident.kind)),
        "plan": plan(incident),
        "affected": shown[:MAX_SHOWN],
        "is_longer": len(shown) > MAX_SHOWN,
        "errors": _errors(incident),
        "lines": sorted(_lines(incident), key=lambda each: each.at, reverse=True),
    }


def plan(incident: Incident) -> list[Step]:
    """Return what the portal did by itself, and what it will do; empty if it does nothing."""
    remedy = healing.REMEDIES.get(IncidentKind(incident.kind))
    # Staff are noted as a step of healing too.
    tried = [each for each in incident.healing.all()[::-1] if each.remedy != "person"]
    done = [Step(in_words(each.remedy), "done", each.at, each.text) for each in tried]
    if incident.needs_person_since:
        return [*done, Step(_PERSON, "done", incident.needs_person_since)]
    if remedy is None or incident.status == IncidentStatus.CLOSED or incident.absent_since:
        return done
    label, pauses = _STEPS[remedy.name], remedy.schedule.pauses
    coming = [(label, pause) for pause in pauses[incident.attempts :]]
    coming.append((_PERSON, remedy.schedule.last or timedelta()))
    return [*done, *_coming(coming, incident.next_attempt_at)]


def in_words(remedy: str) -> str:
    """Return what a healing step does, as the plan on the incident's page says it."""
    return _PERSON if remedy == "person" else _STEPS.get(remedy, remedy)


def _coming(steps: list[tuple[str, timedelta]], at: datetime | None) -> Iterator[Step]:
    for number, (label, pause) in enumerate(steps):
        if number == 0 and at is not None:
            yield Step(label, "next", at)
        else:
            yield Step(label, "later", None, f"{format_duration(pause)} after the step before")


def _errors(incident: Incident) -> Any:
    if incident.connection is None or incident.kind != IncidentKind.WRITE_ERRORS:
        return []
    return incident.connection.failures.all()[:MAX_SHOWN]


def _lines(incident: Incident) -> Iterator[Line]:
    yield Line(incident.suspected_at, "First seen; nobody is notified yet.")
    events = _events(incident, incident.connection.tenant_id) if incident.connection else []
    # An event of its tenant says it as it was then.
    if incident.opened_at and not _says(events, _OPENED, incident.opened_at):
        yield Line(incident.opened_at, f"Opened. {incident.text}")
    if incident.absent_since:
        yield Line(incident.absent_since, "The cause was not there any more.")
    if incident.closed_at and not _says(events, _OVER, incident.closed_at):
        yield Line(incident.closed_at, f"Closed. It lasted {format_duration(incident.lasted)}.")
    for event in events:
        text = f"Opened: {event.text}" if event.data.get("what") in _OPENED else event.text
        yield Line(event.at, text, event.actor, event.kind)
    if incident.connection is None:
        yield from _history(incident)
    for each in incident.notices.all():
        if each.sent_at:
            yield Line(each.sent_at, f"Webhook called: {each.what}.")


def _says(events: list[Event], what: tuple[str, ...], at: datetime) -> bool:
    return any(each.data.get("what") in what and each.at >= at - MARGIN for each in events)


def _events(incident: Incident, tenant: int) -> list[Event]:
    """Return the incident's own events, and what was done with the tenant while it lasted."""
    end = (incident.closed_at or timezone.now()) + MARGIN
    done = Q(kind__in=_DONE, at__range=(incident.suspected_at - MARGIN, end))
    found = Event.objects.filter(Q(data__incident=incident.pk) | done, tenant=tenant)
    return list(found[:MAX_SHOWN])


def _history(incident: Incident) -> Iterator[Line]:
    of_it = {"content_type": ContentType.objects.get_for_model(Incident), "object_id": incident.pk}
    for each in incident.healing.all():
        yield Line(each.at, each.text, kind=EventKind.HEALING)
    for entry in LogEntry.objects.filter(**of_it).select_related("user")[:MAX_SHOWN]:
        kind = EventKind.STAFF_ACTION
        yield Line(entry.action_time, entry.get_change_message(), str(entry.user), kind)
