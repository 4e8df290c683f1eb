"""The row of steps."""

import pytest
from django.utils import timezone

from connect.models import Connection, Stage
from portal.admin.panels.stepper import steps


def states(stage: Stage, **facts: object) -> list[str]:
    return [step.state for step in steps(Connection(stage=stage, **facts))]


@pytest.mark.parametrize(
    ("stage", "done", "now"),
    [
        (Stage.WAITING_FOR_PROOF, 0, 1),
        (Stage.LINKING, 2, 1),
        (Stage.LOADING, 8, 1),
        (Stage.LIVE, 10, 0),
    ],
)
def test_what_is_done_what_is_on_and_what_is_to_do(stage: Stage, done: int, now: int) -> None:
    expected = ["done"] * done + ["now"] * now + ["todo"] * (10 - done - now)
    assert states(stage) == expected


def test_the_end_has_steps_of_its_own() -> None:
    assert states(Stage.OFFBOARDING) == ["now", "todo"]
    assert states(Stage.OFFBOARDED) == ["done", "done"]


def test_a_blocked_step_is_marked() -> None:
    assert states(Stage.CREATING_ADDON, blocked_at=timezone.now())[:3] == [
        "done",
        "blocked",
        "todo",
    ]


def test_every_stage_has_its_step() -> None:
    assert all(steps(Connection(stage=stage)) for stage in Stage)
