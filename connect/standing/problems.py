"""The worst that is wrong with a live connection: of its condition, its incidents, its mappings."""

from dataclasses import dataclass
from datetime import datetime

from connect.formats import counted
from connect.health import causes, healing, lifecycle
from connect.health.severity import SEVERITY
from connect.models import Condition, IncidentKind
from connect.standing.facts import Facts, OpenIncident
from connect.standing.words import OF_CONDITION, OF_LIVE, Word


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a live connection. `is_healing`: the portal is trying."""

    kind: IncidentKind
    word: Word
    text: str
    since: datetime | None
    is_healing: bool = False


def worst(facts: Facts) -> Problem | None:
    """Return the worst problem of a live connection; None if nothing is wrong."""
    found = [_of_incident(each) for each in facts.incidents]
    found += _of_condition(facts) + _of_writes(facts)
    # An incident says more than the condition behind it, so of equals the first one wins.
    return max(found, key=lambda each: OF_LIVE.index(each.word), default=None)


def _of_incident(incident: OpenIncident) -> Problem:
    kind = incident.kind
    if incident.well_since:
        text = _watched(incident.well_since)
        return Problem(kind, Word.RECOVERING, text, incident.well_since)
    is_healing = kind in healing.REMEDIES and not incident.needs_person
    return Problem(kind, OF_CONDITION[SEVERITY[kind]], incident.text, incident.since, is_healing)


def _watched(since: datetime) -> str:
    until = since + lifecycle.CLOSE_AFTER
    return f"It has looked well since {since:%H:%M} and is watched until {until:%H:%M} UTC."


def _of_condition(facts: Facts) -> list[Problem]:
    kind = _kind_of(facts)
    if kind is None:
        return []
    word = OF_CONDITION[facts.condition]
    # Opened earlier, so it says more: only the word may be worse by now.
    opened = next((each for each in _present(facts) if each.kind == kind), None)
    if opened:
        known = _of_incident(opened)
        return [Problem(kind, word, known.text, known.since, known.is_healing)]
    text = facts.condition_reason or str(kind.label)
    # The incident that may open has the same time, so that its opening does not change it.
    began = (each.since for each in facts.suspected if each.kind == kind)
    return [Problem(kind, word, text, next(began, facts.condition_since))]


def _present(facts: Facts) -> list[OpenIncident]:
    return [each for each in facts.incidents if not each.well_since]


def _kind_of(facts: Facts) -> IncidentKind | None:
    match facts.condition:
        case Condition.NEEDS_AUTHORIZATION:
            return IncidentKind.UNAUTHORIZED
        case Condition.BROKEN:
            # Its own state is well where only its mappings are broken.
            return causes.kind_of(facts.state) or IncidentKind.MAPPING
        case Condition.DEGRADED:
            return IncidentKind.MAPPING
        case Condition.UNKNOWN:
            return IncidentKind.STRANGE_STATE if facts.seen else IncidentKind.UNSEEN
    return None


def _of_writes(facts: Facts) -> list[Problem]:
    if not facts.failed_writes:
        return []
    kind = IncidentKind.WRITE_ERRORS
    text = f"Salesforce refused {counted(facts.failed_writes, 'write')}."
    return [Problem(kind, OF_CONDITION[SEVERITY[kind]], text, None)]
