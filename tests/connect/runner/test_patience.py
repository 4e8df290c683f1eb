from datetime import UTC, datetime, timedelta

import pytest

from connect.runner import patience

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


@pytest.mark.parametrize(
    ("since", "due_at", "waited"),
    [
        (None, None, timedelta()),
        (None, NOW - WEEK, timedelta()),
        (NOW - HOUR, None, HOUR),
        (NOW - HOUR, NOW, HOUR),
        # A press or a hint makes the portal look before the time.
        (NOW - HOUR, NOW + HOUR, HOUR),
        (NOW - HOUR, NOW - timedelta(minutes=20), timedelta(minutes=40)),
        (NOW - WEEK, NOW - WEEK, timedelta()),
        # The clock was wrong when it was stored.
        (NOW + WEEK, NOW, timedelta()),
    ],
)
def test_only_time_in_which_somebody_looked_uses_up_patience(
    since: datetime | None, due_at: datetime | None, waited: timedelta
) -> None:
    assert NOW - patience.waiting_since(since, due_at, NOW) == waited
