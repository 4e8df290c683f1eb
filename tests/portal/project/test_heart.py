"""When a worker may call others dead: only after it has beaten for a while itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal import deliveries
from portal.models import Heartbeat
from portal.project import heart
from portal.project.heart import Heart

pytestmark = pytest.mark.django_db(transaction=True)
SPAN = deliveries.WORKER_IS_DEAD


class Clock:
    """Stands in for the clock of the machine."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(heart, "time", clock)
    return clock


@pytest.fixture
def beating(clock: Clock) -> Heart:
    """A heart that has beaten regularly for as long as it takes to call others dead."""
    beating = Heart("host:1", timezone.now())
    for _ in range(4):
        beating.beat()
        clock.now += heart.BEAT_SECONDS
    return beating


def test_one_that_has_just_begun_calls_nobody_dead(clock: Clock) -> None:
    begun = Heart("host:1", timezone.now())
    assert not begun.has_beaten_for(SPAN)
    begun.beat()
    assert not begun.has_beaten_for(SPAN)


def test_one_that_beats_regularly_may(beating: Heart) -> None:
    assert beating.has_beaten_for(SPAN)


def test_after_an_outage_of_the_database_the_others_get_time_to_beat_again(
    beating: Heart, clock: Clock
) -> None:
    clock.now += 60
    assert not beating.has_beaten_for(SPAN)
    beating.beat()
    assert not beating.has_beaten_for(SPAN)
    for _ in range(3):
        clock.now += heart.BEAT_SECONDS
        beating.beat()
    assert beating.has_beaten_for(SPAN)


def test_a_beat_that_is_not_stored_is_none(
    beating: Heart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Heartbeat, "objects", None)
    assert not beating.beat()
    clock.now += heart.MAX_GAP.total_seconds()
    assert not beating.has_beaten_for(SPAN)


def test_the_gap_is_shorter_than_what_others_take_for_death() -> None:
    assert heart.MAX_GAP < deliveries.WORKER_IS_DEAD
    assert timedelta(seconds=2 * heart.BEAT_SECONDS) <= heart.MAX_GAP
