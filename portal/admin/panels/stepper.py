"""The stages of a tenant as a row of steps with durations."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connect.models import Connection, Stage

_PROVISIONING: dict[Stage, str] = {
    Stage.WAITING_FOR_PROOF: "Proof",
    Stage.CREATING_ADDON: "Add-on",
    Stage.LINKING: "Link",
    Stage.CONFIGURING_DATABASE: "Database",
    Stage.WAITING_FOR_CONSENT: "Sign-in",
    Stage.PUBLISHING_LINK: "Publish",
    Stage.WAITING_FOR_AUTHORIZATION: "Authorize",
    Stage.IMPORTING_MAPPINGS: "Mappings",
    Stage.LOADING: "Data",
    Stage.LIVE: "Live",
}
_ENDING: dict[Stage, str] = {Stage.OFFBOARDING: "Off-boarding", Stage.OFFBOARDED: "Off-boarded"}
_RESTING = (Stage.LIVE, Stage.OFFBOARDED)
_IN_WORDS = {"done": "done", "now": "in progress", "blocked": "blocked", "todo": "to do"}

Stays = dict[str, timedelta]


@dataclass(frozen=True)
class StepperItem:
    """One step; `state` is done, now, blocked or todo; `took` is the time spent in it."""

    label: str
    state: str
    in_words: str
    took: timedelta | None = None


def steps(connection: Connection, stays: Stays | None = None) -> list[StepperItem]:
    """Return the steps of provisioning, or of off-boarding."""
    way = _ENDING if connection.stage in _ENDING else _PROVISIONING
    here = list(way).index(Stage(connection.stage))
    took = stays or {}
    return [
        StepperItem(
            label, state := _state(connection, number, here), _IN_WORDS[state], took.get(stage)
        )
        for number, (stage, label) in enumerate(way.items())
    ]


def stays(entered: Iterable[tuple[str, datetime]], now: datetime) -> Stays:
    """Return the time spent in each stage, from the stages entered in the order of time.

    A stage that was entered twice has the sum. Live and off-boarded are not counted.
    """
    spent: defaultdict[str, timedelta] = defaultdict(timedelta)
    way = list(entered)
    ends = [at for _, at in way[1:]] + [now]
    for (stage, begun), ended in zip(way, ends, strict=True):
        if stage not in _RESTING:
            spent[stage] += max(ended - begun, timedelta())
    return dict(spent)


def _state(connection: Connection, number: int, here: int) -> str:
    if number != here:
        return "done" if number < here else "todo"
    if connection.blocked_at:
        return "blocked"
    return "done" if connection.stage in _RESTING else "now"
