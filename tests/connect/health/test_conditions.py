"""The condition of a live connection now: one rule, in Python and in SQL."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect.health import conditions, severity
from connect.models import (
    COMMON,
    Condition,
    Connection,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
)
from tenants.batching import together
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
    assert conditions.noted(health) == expected
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


def test_counting_takes_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        together(conditions.counts.asking())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (IncidentKind.WRITE_ERRORS, Condition.DEGRADED),
        (IncidentKind.WRONG_ORG, Condition.BROKEN),
        (IncidentKind.REGION, Condition.UNKNOWN),
    ],
)
def test_an_open_incident_says_something_worse_than_the_last_look(
    kind: IncidentKind, expected: Condition
) -> None:
    connection, now = live(), timezone.now()
    Health.objects.create(connection=connection, condition=Condition.HEALTHY, sampled_at=now)
    of_its_own = None if kind == IncidentKind.REGION else connection
    incident = Incident.objects.create(kind=kind, connection=of_its_own, text="So it is.")
    assert selects(Condition.HEALTHY)  # it is only suspected
    Incident.objects.filter(pk=incident.pk).update(status=IncidentStatus.OPEN, opened_at=now)
    assert [each for each in Condition if selects(each)] == [expected]
    assert {name for name, count in conditions.counts().items() if count} == {expected}


def test_every_kind_of_incident_of_a_connection_has_a_severity() -> None:
    assert set(severity.SEVERITY) == set(IncidentKind) - set(COMMON)
