"""The stages of a tenant as a row of steps with durations."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connect.formats import in_sentence
from connect.models import Connection, Stage
from connect.standing import Standing, Word

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
_ENDING: dict[Stage, str] = {
    Stage.GRACE: "Grace period",
    Stage.OFFBOARDING: "Off-boarding",
    Stage.OFFBOARDED: "Off-boarded",
}
_RESTING = (Stage.LIVE, Stage.OFFBOARDED)
_IN_WORDS = {"done": "done", "now": "in progress", "todo": "to do"}

Stays = dict[str, timedelta]


@dataclass(frozen=True)
class StepperItem:
    """One step; `took` is the time spent in it.

    `state` is done, now or todo; of a stage in trouble it is the tone: bad, wait or muted.
    """

    label: str
    state: str
    in_words: str
    took: timedelta | None = None


def steps(connection: Connection, found: Standing, stays: Stays | None = None) -> list[StepperItem]:
    """Return the steps of provisioning, or of off-boarding. The present one says how it stands."""
    way, stage = _way(connection)
    here, took = list(way).index(stage), stays or {}
    return [
        StepperItem(
            label, *(_now(found) if number == here else _passed(number < here)), took.get(stage)
        )
        for number, (stage, label) in enumerate(way.items())
    ]


def _way(connection: Connection) -> tuple[dict[Stage, str], Stage]:
    """Return the steps that are shown, and the present one of them."""
    stage = Stage(connection.stage)
    if stage == Stage.RESUMING:
        return _PROVISIONING, Stage(connection.stage_before or Stage.LIVE)
    if stage not in _ENDING:
        return _PROVISIONING, stage
    # Without a grace period it ended at once.
    has_grace = connection.ends_at or stage == Stage.GRACE
    skipped = None if has_grace else Stage.GRACE
    return {each: label for each, label in _ENDING.items() if each != skipped}, stage


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


def _passed(is_done: bool) -> tuple[str, str]:
    state = "done" if is_done else "todo"
    return state, _IN_WORDS[state]


def _now(found: Standing) -> tuple[str, str]:
    if found.word in (Word.LIVE, Word.OFFBOARDED):
        return "done", _IN_WORDS["done"]
    # A stage that only waits for its turn, or for a person, is in progress.
    if found.word.value in Stage.values:
        return "now", _IN_WORDS["now"]
    return found.tone, in_sentence(found.label)
