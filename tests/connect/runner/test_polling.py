from datetime import timedelta

import pytest

from connect.runner import polling


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


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
    assert polling.pause(waited) == expected
