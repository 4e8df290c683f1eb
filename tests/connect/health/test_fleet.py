"""The fleet's conditions by quarter of an hour, and who went longest without a good sync."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect import tasks
from connect.health import fleet
from connect.models import Condition, Connection, FleetCondition, Health, Stage
from tests import cast

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def live(who: dict[str, str], **facts: object) -> Connection:
    connection = cast.connect(cast.enrol(who), Stage.LIVE, organization_id=who["org_id"])
    Health.objects.create(connection=connection, **facts)
    return connection


def test_a_quarter_keeps_how_many_were_in_each_condition_at_its_last_refresh() -> None:
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        live(cast.ACME, condition="broken", sampled_at=timezone.now())
        tasks.refresh_health()
    with time_machine.travel(NOON + timedelta(minutes=14), tick=False):
        Health.objects.update(condition="healthy", sampled_at=timezone.now())
        tasks.refresh_health()
    with time_machine.travel(NOON + timedelta(minutes=15), tick=False):
        Health.objects.update(condition="degraded")
        tasks.refresh_health()
    recorded = fleet.since(NOON)
    assert list(recorded) == [NOON, NOON + timedelta(minutes=15)]
    first, second = recorded.values()
    assert (first[Condition.HEALTHY], first[Condition.BROKEN]) == (1, 0)
    assert second[Condition.DEGRADED] == 1
    assert set(first) == set(second) == set(Condition)


def test_old_numbers_are_dropped() -> None:
    now = timezone.now()
    for age in (timedelta(days=29), timedelta(days=31)):
        FleetCondition.objects.create(at=now - age, condition="healthy", connections=1)
    assert tasks.prune_health() == 1
    assert FleetCondition.objects.get().at > now - timedelta(days=30)


def test_a_day_is_read_with_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    fleet.record(NOON)
    with django_assert_num_queries(1):
        assert fleet.since(NOON)


def test_those_longest_without_a_good_sync_come_first_and_the_calm_and_the_gone_are_left_out() -> (
    None
):
    now = timezone.now()
    never = live(cast.ACME, condition="broken", sampled_at=now)
    stale = live(
        cast.BOREALIS,
        condition="healthy",
        sampled_at=now - timedelta(hours=2),
        good_at=now - timedelta(hours=2),
    )
    live(cast.CIRRUS, condition="paused", sampled_at=now, good_at=now - timedelta(days=9))
    found = fleet.longest_without_good_sync(5)
    assert [health.connection for health in found] == [never, stale]
    Connection.objects.filter(pk=never.pk).update(stage=Stage.OFFBOARDED, offboarded_at=now)
    assert [health.connection for health in fleet.longest_without_good_sync(5)] == [stale]
