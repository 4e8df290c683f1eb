"""The table of all states: no cell is empty, and none contradicts another."""

import pytest

from connect import standing
from connect.models import IncidentKind, RepairResult, RolloutItemStatus, RolloutStatus
from connect.remedies import By
from connect.standing import Button, Standing, Tone, Word, subscriber
from portal.models import BulkItemStatus
from scripts.documents import states
from scripts.documents.states import NOTHING, ROWS, State

CELLS = [(thing, each) for thing, rows in ROWS.items() for each in rows()]
IDS = [f"{thing}.{each.key}" for thing, each in CELLS]
SEEN = [seen for _, seen in standing.every()]
STOPPED = ("stopped", "paused", "ended", "no longer", "not up to date", "cannot see")


@pytest.mark.parametrize(("thing", "row"), CELLS, ids=IDS)
def test_no_cell_is_empty(thing: str, row: State) -> None:
    assert all((row.key, row.badge, row.tone, row.subscriber, row.action))
    assert "|" not in "".join(row.cells)


@pytest.mark.parametrize(("thing", "row"), CELLS, ids=IDS)
def test_green_is_nothing_but_well(thing: str, row: State) -> None:
    if row.tone == Tone.GOOD:
        assert row.action == NOTHING
        assert not any(words in row.subscriber for words in STOPPED)
    # What is red has an action, and no page says that all is well.
    if row.tone == Tone.BAD:
        assert row.action != NOTHING or row.key.startswith("open.region")
        assert "You are live" not in row.subscriber


@pytest.mark.parametrize("seen", SEEN, ids=[each.key for each in SEEN])
def test_staff_and_subscriber_read_the_same(seen: Standing) -> None:
    is_live = seen.word in (Word.LIVE, Word.DRIFTED)
    assert (seen.subscriber == subscriber.LIVE) == is_live
    # Who waits for the subscriber has a button that reminds them, and they have one to press.
    if seen.remedy.action in ("reauthorize", "resend"):
        assert seen.subscriber.button in (Button.SIGN_IN, Button.AUTHORIZE)
    if seen.tone == Tone.BAD:
        assert seen.remedy.by != By.PORTAL
        assert seen.subscriber.headline != subscriber.SETTING_UP.headline


@pytest.mark.parametrize(
    ("thing", "choices"),
    [
        ("rollouts", RolloutStatus),
        ("rollout_items", RolloutItemStatus),
        ("bulk_items", BulkItemStatus),
        ("repairs", RepairResult),
        ("incidents", IncidentKind),
    ],
)
def test_every_choice_of_a_model_has_a_row(thing: str, choices: type[RolloutStatus]) -> None:
    keys = {each.key.removeprefix("open.") for each in ROWS[thing]()}
    assert {each.value or "in_progress" for each in choices} <= keys


def test_a_block_of_all_of_the_data_is_not_called_a_part() -> None:
    rows = {each.key: each for each in ROWS["connections"]()}
    assert "A part of your data" in rows["live.mapping.degraded"].subscriber
    assert "Synchronization has stopped" in rows["live.mapping.broken"].subscriber


def test_a_table_has_a_line_for_each_state() -> None:
    lines = states.write("rollouts").splitlines()
    assert len(lines) == 2 + len(RolloutStatus)
