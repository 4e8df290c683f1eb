from datetime import timedelta

import pytest

from connect.provisioning import reminders


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (seconds(0), seconds(20)),
        (timedelta(hours=2), timedelta(minutes=10)),
        (timedelta(days=11), timedelta(hours=1)),
    ],
)
def test_the_pause_for_a_person_grows(waited: timedelta, expected: timedelta) -> None:
    assert reminders.poll_pause(waited) == expected


@pytest.mark.parametrize(
    ("days", "sent", "next_in"),
    [(0, 0, 2), (1.5, 0, 0.5), (2, 1, 3), (4, 1, 1), (5, 2, 5), (10, 3, None), (400, 3, None)],
)
def test_a_person_is_reminded_after_two_five_and_ten_days(
    days: float, sent: int, next_in: float | None
) -> None:
    waited = timedelta(days=days)
    assert reminders.due_after(waited) == sent
    expected = None if next_in is None else timedelta(days=next_in)
    assert reminders.next_after(waited) == expected
