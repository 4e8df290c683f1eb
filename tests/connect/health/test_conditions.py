"""The condition of a live connection now: one rule, in Python and in SQL."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect.health import conditions
from connect.models import Condition, Connection, Health, Stage
from tests import cast

pytestmark = pytest.mark.django_db
NOW, LATE = timedelta(), timedelta(hours=1)
SEEN = [
    (Condition.HEALTHY, NOW, Condition.HEALTHY),
    (Condition.HEALTHY, LATE, Condition.UNKNOWN),
    (Condition.PAUSED, NOW, Condition.PAUSED),
    (Condition.PAUSED, LATE, Condition.UNKNOWN),
    (Condition.WORKING, NOW, Condition.WORKING),
    (Condition.DEGRADED, NOW, Condition.DEGRADED),
    (Condition.UNKNOWN, NOW, Condition.UNKNOWN),
    (Condition.BROKEN, NOW, Condition.BROKEN),
    (Condition.BROKEN, LATE, Condition.UNKNOWN),
    (Condition.NEEDS_AUTHORIZATION, NOW, Condition.NEEDS_AUTHORIZATION),
    (Condition.HEALTHY, None, Condition.UNKNOWN),
]


def live() -> Connection:
    acme = cast.enrol(cast.ACME)
    return cast.connect(acme, Stage.LIVE, organization_id=cast.ACME["org_id"])


@pytest.mark.parametrize(("noted", "age", "expected"), SEEN)
def test_a_live_connection_has_exactly_one_condition(
    noted: Condition, age: timedelta | None, expected: Condition
) -> None:
    sampled_at = None if age is None else timezone.now() - age
    health = Health.objects.create(connection=live(), condition=noted, sampled_at=sampled_at)
    assert conditions.current(health) == expected
    assert Health.objects.values_list(conditions.expression(), flat=True).get() == expected
    assert {name for name, count in conditions.counts().items() if count} == {expected}
    assert [each for each in Condition if selects(each)] == [expected]


def selects(condition: Condition) -> bool:
    of_both = (
        Connection.objects.filter(conditions.of_connection(condition)).exists(),
        Health.objects.filter(conditions.of_health(condition)).exists(),
    )
    assert of_both in ((True, True), (False, False))
    return of_both[0]


def test_a_live_connection_that_was_never_looked_at_is_unknown() -> None:
    live()
    assert conditions.counts()[Condition.UNKNOWN] == 1
    assert Connection.objects.filter(conditions.of_connection(Condition.UNKNOWN)).exists()


def test_what_is_not_live_has_no_condition() -> None:
    loading = cast.connect(
        cast.enrol(cast.ACME), Stage.LOADING, organization_id=cast.ACME["org_id"]
    )
    Health.objects.create(connection=loading, condition="broken", sampled_at=timezone.now())
    assert sum(conditions.counts().values()) == 0
    assert not Connection.objects.filter(conditions.of_connection(Condition.BROKEN)).exists()


def test_counting_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        conditions.counts()
