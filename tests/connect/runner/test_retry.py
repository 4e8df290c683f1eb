from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.runner import retry


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("attempt", "after", "jitter", "expected"),
    [
        (1, None, 0, seconds(2)),
        (2, None, 0, seconds(4)),
        (5, None, 0, seconds(32)),
        (10, None, 0, seconds(1024)),
        (11, None, 0, timedelta(minutes=30)),
        (1000, None, 0, timedelta(minutes=30)),
        (1, None, 1, seconds(1.5)),
        (11, None, 1, timedelta(minutes=22.5)),
        (1, seconds(90), 0, seconds(90)),
        (1, seconds(90), 1, seconds(90)),
        (11, seconds(90), 0, timedelta(minutes=30)),
        (1, timedelta(hours=2), 0.5, timedelta(hours=2)),
    ],
)
def test_the_pause_doubles_up_to_half_an_hour_and_obeys_retry_after(
    attempt: int, after: timedelta | None, jitter: float, expected: timedelta
) -> None:
    assert retry.back_off(attempt, after, jitter) == expected


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_pause_is_never_shorter_than_a_second_nor_longer_than_half_an_hour(
    attempt: int, jitter: float
) -> None:
    assert seconds(1) < retry.back_off(attempt, None, jitter) <= retry.LONGEST


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (seconds(0), seconds(1)),
        (seconds(8), seconds(2)),
        (timedelta(minutes=1), seconds(15)),
        (timedelta(minutes=10), seconds(30)),
    ],
)
def test_a_machine_is_looked_at_often_at_first_and_then_twice_a_minute(
    waited: timedelta, expected: timedelta
) -> None:
    assert retry.poll_machine(waited) == expected


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (seconds(0), seconds(20)),
        (timedelta(hours=2), timedelta(minutes=10)),
        (timedelta(days=11), timedelta(hours=1)),
    ],
)
def test_a_person_is_waited_for_ever_more_patiently(waited: timedelta, expected: timedelta) -> None:
    assert retry.poll_person(waited) == expected


@pytest.mark.parametrize(
    ("days", "sent", "next_in"),
    [(0, 0, 2), (1.5, 0, 0.5), (2, 1, 3), (4, 1, 1), (5, 2, 5), (10, 3, None), (400, 3, None)],
)
def test_a_person_is_reminded_after_two_five_and_ten_days(
    days: float, sent: int, next_in: float | None
) -> None:
    waited = timedelta(days=days)
    assert retry.reminders_due(waited) == sent
    expected = None if next_in is None else timedelta(days=next_in)
    assert retry.next_reminder(waited) == expected
