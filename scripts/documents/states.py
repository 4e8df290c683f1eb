"""Every state of everything: what staff see, what the subscriber sees, and the primary action.

`ROWS` is read by the document, and by the tests that walk its cells.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model, TextChoices

from connect import remedies, standing
from connect.health import states
from connect.models import (
    COMMON,
    Condition,
    Incident,
    IncidentKind,
    IncidentStatus,
    Mapping,
    RepairResult,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    Stage,
    WriteRepair,
)
from connect.remedies import Remedy
from connect.standing import ForSubscriber, Standing, Tone, subscriber
from connect.standing.states import NOW
from portal import bulk as bulk_runs
from portal.actions import action as registry
from portal.admin import pages  # noqa: F401  (registers each page)
from portal.admin.kit.base import PortalAdmin
from portal.admin.panels import bulk, repairs
from portal.models import BulkItem, BulkItemStatus, BulkRun
from scripts.documents.blocks import table
from tenants.models import Tenant

NOTHING = "Nothing has to be done."
NOT_SHOWN = "nothing of it; the page says how the connection stands"
# Where a row has no button of its own, its action is on the page of what it belongs to.
_OF_ITEMS = {
    RolloutItemStatus.FAILED: "Roll-out: Retry failed",
    RolloutItemStatus.REFUSED: "Roll-out: Retry failed",
}
_OF_BULK_ITEMS = {
    BulkItemStatus.FAILED: "Run: Try again",
    BulkItemStatus.CANCELLED: "Run: Try again",
}


@dataclass(frozen=True)
class State:
    """One row. `key` names the state, `badge` and `tone` are what staff see first."""

    key: str
    badge: str
    tone: str
    headline: str
    subscriber: str
    action: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row as the document shows it."""
        seen = f"**{self.badge}** ({self.tone})"
        return f"`{self.key}`", f"{seen} {self.headline}".strip(), self.subscriber, self.action


def write(thing: str) -> str:
    """Return a table of every state of a thing."""
    header = ("state", "staff see", "the subscriber sees", "primary action")
    return table(header, [each.cells for each in ROWS[thing]()])


def primary(remedy: Remedy) -> str:
    """Return the label of a remedy's button or link, or that nothing has to be done."""
    if remedy.action:
        return registry.of(Tenant)[remedy.action].label
    return remedy.page.value if remedy.page else NOTHING


def said(words: ForSubscriber) -> str:
    """Return what the subscriber's page says, with its button."""
    return f"{words.headline}. *{words.button.label or 'no button'}*"


# --- each thing ----------------------------------------------------------------------------------


def _connections() -> list[State]:
    return [_of_standing(seen.key, seen) for _, seen in standing.every()]


def _of_standing(key: str, seen: Standing) -> State:
    words = said(seen.subscriber)
    return State(key, seen.label, seen.tone, seen.headline, words, primary(seen.remedy))


def _mappings() -> list[State]:
    return [_of_mapping(state) for state in (*states.MAPPINGS, "any other")]


def _of_mapping(state: str) -> State:
    # One of several mappings: the others are well.
    condition = states.overall(states.IDLE, [state, states.SYNCED])
    facts = standing.Facts(Stage.LIVE, NOW, condition=Condition(condition))
    seen = standing.judge(facts)
    tone = _tone(Mapping, state)
    return State(state, state, tone, "", said(seen.subscriber), primary(seen.remedy))


def _incidents() -> list[State]:
    return [_suspected(), *map(_opened, IncidentKind), _recovering(), _closed()]


def _suspected() -> State:
    label, tone = _of_choice(Incident, IncidentStatus.SUSPECTED)
    return State("suspected", label, tone, remedies.SUSPECTED.then, NOT_SHOWN, NOTHING)


def _opened(kind: IncidentKind) -> State:
    label, tone = _of_choice(Incident, IncidentStatus.OPEN)
    words = NOT_SHOWN if kind in COMMON else said(subscriber.INCIDENTS[kind])
    remedy = remedies.INCIDENTS[kind]
    return State(f"open.{kind}", label, tone, str(kind.label), words, primary(remedy))


def _recovering() -> State:
    word = standing.Word.RECOVERING
    then = "Its cause was absent at the last look."
    words = said(subscriber.RECOVERING)
    return State("recovering", str(word.label), standing.TONES[word], then, words, NOTHING)


def _closed() -> State:
    label, tone = _of_choice(Incident, IncidentStatus.CLOSED)
    return State("closed", label, tone, remedies.OVER.then, NOT_SHOWN, NOTHING)


def _rollouts() -> list[State]:
    return [_of_rollout(status) for status in RolloutStatus]


def _of_rollout(status: RolloutStatus) -> State:
    label, tone = _of_choice(Rollout, status)
    row = Rollout(status=status)
    # What fits everything that staff look after, e.g. an owner, fixes nothing.
    own = [each for each in registry.of(Rollout).values() if each.models == (Rollout,)]
    offered = [each for each in own if not each.refusal(row)]
    moves = [each.label for each in offered if each.moves_on]
    fixes = [each.label for each in offered if not each.destructive and tone == Tone.BAD]
    action = (moves or fixes or [NOTHING])[0]
    return State(status.value, label, tone, "", NOT_SHOWN, action)


def _rollout_items() -> list[State]:
    return [_of_item(RolloutItem, each, _OF_ITEMS.get(each)) for each in RolloutItemStatus]


def _runs() -> list[State]:
    return [_of_run(key, run, counts) for key, (run, counts) in runs().items()]


def runs() -> dict[str, tuple[BulkRun, dict[str, int]]]:
    """Return a run of two in each state, not stored, with its items by status."""
    ended = {"finished_at": NOW}
    return {
        "running": _run({"waiting": 1, "running": 1}),
        "waiting": _run({"waiting": 2}, waiting_for="Heroku's call budget"),
        "unapproved": _run({"waiting": 2}, waiting_for=bulk_runs.APPROVAL, approval_by=NOW),
        "being_cancelled": _run({"running": 1, "cancelled": 1}, cancelled_at=NOW),
        "cancelled": _run({"done": 1, "cancelled": 1}, cancelled_at=NOW, **ended),
        "started": _run({"done": 1, "started": 1}, **ended),
        "done": _run({"done": 2}, **ended),
        "partly": _run({"done": 1, "skipped": 1}, **ended),
        "partly_failed": _run({"done": 1, "failed": 1}, **ended),
        "skipped": _run({"skipped": 2}, **ended),
        "failed": _run({"failed": 2}, **ended),
    }


def _run(counts: dict[str, int], **facts: Any) -> tuple[BulkRun, dict[str, int]]:
    run = BulkRun(action="pause", label="Pause", actor="mia", total=2, **facts)
    return run, dict.fromkeys(BulkItemStatus.values, 0) | counts


def _of_run(key: str, run: BulkRun, counts: dict[str, int]) -> State:
    label, tone = bulk.state(run, counts)
    is_left = run.finished_at and (counts["failed"] or counts["cancelled"])
    name = "approve" if run.approval_by else "again" if is_left else ""
    action = registry.of(BulkRun)[name].label if name else NOTHING
    return State(key, label, tone, bulk.waits_for(run), NOT_SHOWN, action)


def _bulk_items() -> list[State]:
    return [_of_item(BulkItem, each, _OF_BULK_ITEMS.get(each)) for each in BulkItemStatus]


def _of_item(model: type[Model], status: TextChoices, action: str | None) -> State:
    label, tone = _of_choice(model, status)
    return State(str(status.value), label, tone, "", NOT_SHOWN, action or NOTHING)


def _repairs() -> Iterator[State]:
    for result in RepairResult:
        found = re.search(r"badge-(\w+)", repairs.badge(WriteRepair(result=result)))
        assert found  # noqa: S101  (every result has a tone)
        action = repairs.WHAT_TO_DO.get(result, NOTHING)
        key = result.value or "in_progress"
        yield State(key, str(result.label), found[1], "", NOT_SHOWN, action)


def _of_choice(model: type[Model], choice: TextChoices) -> tuple[str, str]:
    return str(choice.label), _tone(model, str(choice.value))


def _tone(model: type[Model], value: str) -> str:
    """Return the tone that a list's page gives a value."""
    page = admin.site.get_model_admin(model)
    assert isinstance(page, PortalAdmin)  # noqa: S101  (every page of ours is one)
    return page.tone(value)


ROWS: dict[str, Callable[[], list[State]]] = {
    "connections": _connections,
    "mappings": _mappings,
    "incidents": _incidents,
    "rollouts": _rollouts,
    "rollout_items": _rollout_items,
    "repairs": lambda: list(_repairs()),
    "runs": _runs,
    "bulk_items": _bulk_items,
}
