"""The card about sync health: the numbers now, and the last day as a chart."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect.health import fleet
from connect.models import Condition, FleetCondition, Health
from portal.dashboard.cards import health
from tests import cast
from tests.portal.admin import rows, strangers

pytestmark = pytest.mark.django_db


def test_a_day_of_quarters_becomes_a_chart_of_those_that_are_not_healthy() -> None:
    now = timezone.now()
    for back in range(1, 96):
        at = fleet.quarter(now) - fleet.QUARTER * back
        broken = 2 if back == 1 else 0
        for condition, count in (("healthy", 9), ("working", 1), ("broken", broken)):
            FleetCondition.objects.create(at=at, condition=condition, connections=count)
    connection = rows.connection(cast.enrol(cast.ACME))
    Health.objects.create(connection=connection, condition="healthy", sampled_at=now)
    shown = health.read(now)
    assert shown["percent"] == "100.0 %"
    assert len(shown["chart"].points) == 96
    layers = {layer.label: layer.last for layer in shown["chart"].layers}
    assert (layers["Broken"], layers["Working"], shown["chart"].top) == (2, 1, 5)
    assert "Healthy" not in layers
    assert next(iter(layers)) == "Needs authorization"  # the worst is at the bottom


def test_a_quarter_without_a_refresh_is_a_gap_and_not_a_good_one() -> None:
    now = timezone.now()
    for back in (0, 4, 5):
        at = fleet.quarter(now) - fleet.QUARTER * back
        FleetCondition.objects.create(at=at, condition="broken", connections=3)
    drawn = health.chart(now)
    assert drawn is not None
    (broken,) = [layer for layer in drawn.layers if layer.label == "Broken"]
    assert broken.path.count("M") == 2
    assert [values[1] for _, values in drawn.rows].count(None) > 0


def test_without_a_past_there_is_no_chart() -> None:
    fleet.record()
    assert health.chart(timezone.now()) is None


def test_the_card_costs_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    strangers.make(3)
    with django_assert_num_queries(5):
        health.read(timezone.now())


@pytest.mark.parametrize(
    ("part", "whole", "words"), [(0, 0, ""), (1, 1, "100.0 %"), (99_999, 100_000, "99.9 %")]
)
def test_less_than_all_is_never_called_all(part: int, whole: int, words: str) -> None:
    assert health._percent(part, whole) == words


def test_every_condition_is_a_part_but_the_healthy_one_which_is_the_headline() -> None:
    parts = [look.condition for look, _, _ in health.read(timezone.now())["parts"]]
    assert [Condition.HEALTHY, *parts] == list(Condition)
