"""Which action puts back what another one changed. What is not named here has no opposite.

A roll-out has a way back of its own: Roll back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from connect.formats import format_time
from portal.actions.action import Options

# What a target was before, as the work reported it.
Before = Options


def _no_answers(before: Before) -> Options:
    return {}


def _same(before: Before) -> Options:
    return before


def _always(before: Before) -> str:
    return ""


@dataclass(frozen=True)
class Opposite:
    """The action that puts a target back to what it was before another action.

    `name`     the action's name; it is an action of the same models.
    `does`     what it does to the targets, as a sentence.
    `options`  its answers for a target, made from what the target was before.
    `refusal`  why a target cannot be put back, "" if it can.
    """

    name: str
    does: str
    options: Callable[[Before], Options] = _no_answers
    refusal: Callable[[Before], str] = _always


def _was_paused(before: Before) -> str:
    return "it was paused before, too" if before.get("was_paused") else ""


def _was_snoozed(before: Before) -> str:
    until = before.get("until")
    return f"it was snoozed before, until {_time(until)}" if until else ""


def _is_over(before: Before) -> str:
    until = str(before.get("until", ""))
    is_over = until and datetime.fromisoformat(until) <= timezone.now()
    return f"{_time(until)} has passed" if is_over else ""


def _time(text: str) -> str:
    return format_time(datetime.fromisoformat(text))


_GIVE_BACK = Opposite("hand_over", "Gives it back to its former owner, or to nobody.", _same)

# By the name of the action that is undone.
OPPOSITES = {
    "pause": Opposite("resume", "Resumes the synchronization at once."),
    "pause_until": Opposite("resume", "Resumes the synchronization at once.", refusal=_was_paused),
    "resume": Opposite(
        "pause", "Pauses the synchronization, with the end that the pause had.", _same, _is_over
    ),
    "snooze": Opposite("unsnooze", "Ends the snooze.", refusal=_was_snoozed),
    "unsnooze": Opposite("snooze", "Snoozes it until the time that it had.", _same, _is_over),
    "assign": _GIVE_BACK,
    "hand_over": _GIVE_BACK,
    "unassign": _GIVE_BACK,
    "block_org": Opposite("unblock_org", "Lifts the block of the org."),
    "unblock_org": Opposite("block_org", "Blocks the org with the former reason.", _same),
    "offboard": Opposite("undo_offboarding", "Undoes the off-boarding and resumes it."),
    "tag": Opposite("untag", "Takes the tag off.", _same),
    "untag": Opposite("tag", "Puts the tag on again.", _same),
}


def of(name: str) -> Opposite | None:
    """Return the opposite of an action, None if it has none."""
    return OPPOSITES.get(name)


def family(name: str) -> set[str]:
    """Return the actions that change the same thing as one that has an opposite."""
    pair = {name, OPPOSITES[name].name}
    return pair | {each for each, opposite in OPPOSITES.items() if opposite.name in pair}
