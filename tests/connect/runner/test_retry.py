from datetime import timedelta

import pytest
from django.db import (
    DataError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction

from connect.databases import DatabaseAway
from connect.runner import retry
from connect.runner.outcomes import Retry


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
    assert seconds(1) < retry.back_off(attempt, None, jitter) <= retry.MAX_PAUSE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            OperationalError("server closed the connection unexpectedly\n\tThis probably means"),
            "The portal's database failed for a moment: server closed the connection unexpectedly.",
        ),
        (
            InterfaceError("the connection is closed"),
            "The portal's database failed for a moment: the connection is closed.",
        ),
        (
            DatabaseAway("tenants_eu", "it is shut down"),
            "The tenants' database tenants_eu does not answer: it is shut down.",
        ),
    ],
)
def test_a_database_that_is_away_is_a_reason_to_try_again_and_no_bug(
    error: Exception, reason: str
) -> None:
    assert retry.judge(error) == Retry(reason)


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (ReadOnlySqlTransaction, "cannot execute UPDATE in a read-only transaction"),
        (IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction"),
    ],
)
def test_what_django_calls_internal_of_a_database_passes_too(
    cause: type[Exception], text: str
) -> None:
    error = InternalError(text)
    error.__cause__ = cause(text)
    assert retry.judge(error) == Retry(f"The portal's database failed for a moment: {text}.")
    assert retry.judge(InternalError("current transaction is aborted")) is None


@pytest.mark.parametrize("bug", [ValueError("x"), ProgrammingError("no such column"), DataError()])
def test_a_bug_is_not_taken_for_a_database_that_is_away(bug: Exception) -> None:
    assert retry.judge(bug) is None
