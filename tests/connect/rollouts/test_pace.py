"""How long the rest of a roll-out takes."""

from datetime import UTC, datetime, timedelta

import pytest

from connect.rollouts import pace


@pytest.mark.parametrize(
    ("seconds", "remaining", "left"),
    [
        ([], 5, None),
        ([0], 5, None),
        ([0, 10, 20], 5, 50),
        ([20, 0, 10], 1, 10),
        ([0, 1], 0, 0),
        ([0, 30], 5, 180),  # whole minutes
    ],
)
def test_the_remaining_time_is_computed_from_the_pace(
    seconds: list[int], remaining: int, left: int | None
) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    finished = [noon + timedelta(seconds=each) for each in seconds]
    expected = None if left is None else timedelta(seconds=left)
    assert pace.time_left(finished, remaining) == expected
