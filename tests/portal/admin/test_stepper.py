"""The row of steps."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone

from connect import standing
from connect.models import Condition, Connection, Stage
from connect.standing import Facts, judge
from portal.admin.panels.stepper import steps


def states(stage: Stage, **facts: object) -> list[str]:
    connection = Connection(stage=stage, **facts)
    return [step.state for step in steps(connection, standing.of(connection))]


@pytest.mark.parametrize(
    ("stage", "done", "now"),
    [
        (Stage.WAITING_FOR_PROOF, 0, 1),
        (Stage.LINKING, 2, 1),
        (Stage.LOADING, 8, 1),
    ],
)
def test_what_is_done_what_is_on_and_what_is_to_do(stage: Stage, done: int, now: int) -> None:
    expected = ["done"] * done + ["now"] * now + ["todo"] * (10 - done - now)
    assert states(stage) == expected


def test_the_end_has_steps_of_its_own() -> None:
    assert states(Stage.OFFBOARDING) == ["now", "todo"]
    assert states(Stage.OFFBOARDED) == ["done", "done"]
    # With a grace period it is a step of its own.
    assert states(Stage.GRACE) == ["now", "todo", "todo"]
    assert states(Stage.OFFBOARDING, ends_at=timezone.now()) == ["done", "now", "todo"]


def test_an_undo_is_at_the_step_that_it_brings_back() -> None:
    undone = states(Stage.RESUMING, stage_before=Stage.LOADING)
    assert (undone.index("now"), undone.count("done")) == (8, 8)


def test_a_blocked_step_is_marked() -> None:
    assert states(Stage.CREATING_ADDON, blocked_at=timezone.now())[:3] == ["done", "bad", "todo"]


@pytest.mark.parametrize(
    ("facts", "state", "in_words"),
    [
        ({"condition": Condition.HEALTHY}, "done", "done"),
        ({"condition": Condition.BROKEN}, "bad", "broken"),
        ({"condition": Condition.DEGRADED}, "wait", "degraded"),
        ({"condition": Condition.PAUSED}, "muted", "paused"),
    ],
)
def test_the_last_step_is_done_only_while_the_connection_is_well(
    facts: dict[str, Condition], state: str, in_words: str
) -> None:
    found = judge(Facts(Stage.LIVE, timezone.now(), **facts))  # type: ignore[arg-type]
    last = steps(Connection(stage=Stage.LIVE), found)[-1]
    assert (last.state, last.in_words) == (state, in_words)


def test_every_stage_has_its_step() -> None:
    for stage in Stage:
        assert steps(Connection(stage=stage), judge(Facts(stage, timezone.now())))


def test_a_step_is_as_wide_as_its_longest_word() -> None:
    rules = Path(finders.find("portal/admin.css") or "").read_text().splitlines()
    stepper = [each.strip() for each in rules if each.strip().startswith(".stepper")]
    assert not any("overflow-wrap" in each for each in stepper)
    assert sum("minmax(min-content, 1fr)" in each for each in stepper) == 2
