"""Attempts: a table of pauses, and a count that two workers cannot both take."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tenants import attempts
from tenants.attempts import Schedule, minutes
from tenants.models import Message

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("earlier", "ends", "lasts"),
    [
        (0, MINUTE, MINUTE),
        (1, 5 * MINUTE, 5 * MINUTE),
        (2, None, 9 * MINUTE),
        (7, None, 9 * MINUTE),
    ],
)
def test_each_attempt_has_its_pause_and_the_last_pause_follows_the_table(
    earlier: int, ends: timedelta | None, lasts: timedelta
) -> None:
    assert Schedule(minutes(1, 5)).pause(earlier) == ends
    assert Schedule(minutes(1, 5), last=9 * MINUTE).pause(earlier) == lasts


def test_a_schedule_is_used_up_after_its_table() -> None:
    schedule = Schedule(minutes(1, 5))
    assert [schedule.is_used_up(count) for count in range(4)] == [False, False, True, True]


def test_the_next_attempt_has_a_time_until_nothing_follows() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assert Schedule(minutes(5)).next_at(0) == timezone.now() + 5 * MINUTE
    assert Schedule(minutes(5)).next_at(1) is None


@pytest.mark.django_db
def test_of_two_workers_with_the_same_task_one_counts_the_attempt() -> None:
    message = Message.objects.create(key="key", to="ops@acme.example")
    row = Message.objects.filter(pk=message.pk)
    assert attempts.count(row, 0, error="first")
    assert not attempts.count(row, 0, error="second")
    message.refresh_from_db()
    assert (message.attempts, message.error) == (1, "first")
