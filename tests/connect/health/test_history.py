"""Samples add up to an uptime, and stay few."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from connect.health import history
from connect.models import Condition, Connection, Health, HealthSample, Stage
from tests import cast

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def acme() -> Connection:
    return cast.connect(
        cast.enrol(cast.ACME), Stage.LIVE, organization_id=cast.ACME["org_id"], state="IDLE"
    )


def past(connection: Connection, at: datetime, seconds: int, up: int) -> None:
    HealthSample.objects.create(
        connection=connection,
        at=at,
        state="IDLE",
        seconds=seconds,
        seconds_up=up,
        mappings=4,
        mappings_synced=4,
        rows_failed=0,
    )


@pytest.mark.parametrize(
    ("condition", "gap", "seconds", "up"),
    [
        (Condition.HEALTHY, timedelta(minutes=5), 300, 300),
        (Condition.WORKING, timedelta(minutes=5), 300, 300),
        (Condition.DEGRADED, timedelta(minutes=5), 300, 0),
        (Condition.BROKEN, timedelta(minutes=5), 300, 0),
        (Condition.NEEDS_AUTHORIZATION, timedelta(minutes=5), 300, 0),
        (Condition.PAUSED, timedelta(minutes=5), 0, 0),
        (Condition.UNKNOWN, timedelta(minutes=5), 0, 0),
        (Condition.HEALTHY, timedelta(days=2), 900, 900),  # of the rest, nothing is known
        (Condition.HEALTHY, None, 0, 0),
    ],
)
def test_a_sample_stands_for_the_time_since_the_last_one(
    acme: Connection, condition: Condition, gap: timedelta | None, seconds: int, up: int
) -> None:
    health = Health.objects.create(connection=acme, condition=condition)
    if gap:
        history.sample([health], NOON - gap)
    # What is seen now says nothing of the time before.
    health.condition = Condition.HEALTHY if condition == Condition.BROKEN else Condition.BROKEN
    history.sample([health], NOON)
    sample = HealthSample.objects.get(at=NOON)
    assert (sample.seconds, sample.seconds_up) == (seconds, up)
    assert sample.seconds_degraded == (seconds if condition == Condition.DEGRADED else 0)


def test_time_in_which_salesforce_refuses_writes_is_degraded(acme: Connection) -> None:
    health = Health.objects.create(
        connection=acme, condition=Condition.HEALTHY, failing_writes={"A_CAUSE: no": 3}
    )
    history.sample([health], NOON - timedelta(minutes=5))
    history.sample([health], NOON)
    sample = HealthSample.objects.get(at=NOON)
    assert sample.condition == Condition.DEGRADED
    assert (sample.seconds, sample.seconds_up, sample.seconds_degraded) == (300, 0, 300)


def test_two_workers_that_refresh_at_once_count_the_time_once(acme: Connection) -> None:
    before = NOON - timedelta(minutes=5)
    first = Health.objects.create(connection=acme, condition="healthy")
    history.sample([first], before)
    second = Health.objects.get()  # read before the first one has written
    history.sample([first], NOON)
    history.sample([second], NOON + timedelta(seconds=2))
    seconds = HealthSample.objects.order_by("pk").values_list("seconds", flat=True)
    assert list(seconds) == [0, 300, 2]
    late = Health(connection=acme, condition="healthy", sampled_at=before)
    history.sample([late], NOON)  # it began earlier, and waited for the row
    assert HealthSample.objects.order_by("pk").last().seconds == 0  # type: ignore[union-attr]
    assert Health.objects.get().sampled_at == NOON + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("healthy", "degraded", "broken", "shares"),
    [
        (0, 0, 0, (None, None)),
        (600, 0, 0, (1000, 0)),
        (0, 600, 0, (0, 1000)),
        (300, 200, 100, (500, 333)),
        (86_399, 1, 0, (999, 0)),  # less than all of the time is never 100 %
    ],
)
def test_degraded_time_is_not_up_and_is_shown_apart(
    acme: Connection,
    healthy: int,
    degraded: int,
    broken: int,
    shares: tuple[int | None, int | None],
) -> None:
    now, total = timezone.now(), healthy + degraded + broken
    past(acme, now - timedelta(hours=1), total, healthy)
    HealthSample.objects.update(seconds_degraded=degraded)
    found = history.uptime(acme, now)
    assert {(each.up, each.degraded) for each in found.values()} == {shares}


def test_uptime_is_measured_over_a_day_a_week_and_a_month(acme: Connection) -> None:
    health = Health.objects.create(connection=acme)
    now = timezone.now()
    past(acme, now - timedelta(hours=2), 1000, 1000)
    past(acme, now - timedelta(days=3), 1000, 500)
    past(acme, now - timedelta(days=20), 2000, 0)
    past(acme, now - timedelta(days=40), 9000, 0)
    history.measure_uptime()
    health.refresh_from_db()
    assert (health.uptime_day, health.uptime_week, health.uptime_month) == (1000, 750, 375)


def test_a_connection_without_samples_has_no_uptime(acme: Connection) -> None:
    health = Health.objects.create(connection=acme)
    history.measure_uptime()
    health.refresh_from_db()
    assert health.uptime_day is None


def test_old_samples_are_folded_and_the_oldest_dropped_without_losing_uptime(
    acme: Connection,
) -> None:
    health = Health.objects.create(connection=acme)
    with time_machine.travel(NOON, tick=False):
        for days in (1, 3, 38, 401):
            for minute in range(0, 120, 10):
                at = NOON - timedelta(days=days) + timedelta(minutes=minute)
                past(acme, at, 600, 600 if days == 1 else 300)
        history.measure_uptime()
        health.refresh_from_db()
        before = (health.uptime_day, health.uptime_week, health.uptime_month)
        history.fold()
        history.fold()
        history.measure_uptime()
        health.refresh_from_db()
    ages = [(NOON - at).days for at in HealthSample.objects.values_list("at", flat=True)]
    assert {days: sum(each in (days, days - 1) for each in ages) for days in (1, 3, 38, 401)} == {
        1: 12,  # each
        3: 2,  # one an hour
        38: 1,  # one a day
        401: 0,
    }
    assert (health.uptime_day, health.uptime_week, health.uptime_month) == before
