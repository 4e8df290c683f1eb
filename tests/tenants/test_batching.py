"""Several queries in one statement give the rows that each of them gives alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, QuerySet, Value
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tenants import batching
from tenants.batching import Asking, Sql, batched, gather, together
from tenants.models import Event, EventKind, SalesforceGrant, Tenant
from tests import cast

pytestmark = pytest.mark.django_db

QUERIES: dict[str, Callable[[], QuerySet[Any, Any]]] = {
    "rows": lambda: Tenant.objects.order_by("name"),
    "rows and the rows that they belong to": lambda: Event.objects.select_related("tenant"),
    "some fields": lambda: Tenant.objects.defer("name").order_by("pk"),
    "tuples": lambda: Tenant.objects.order_by("-name").values_list("name", "registered_at"),
    "one column": lambda: Event.objects.order_by("pk").values_list("data", flat=True),
    "dictionaries": lambda: Tenant.objects.values("environment").annotate(n=Count("pk")),
    "annotated": lambda: Tenant.objects.annotate(newest=Max("events__at")).order_by("pk"),
    "a union": lambda: (
        Tenant.objects.annotate(kind=Value("a %"))
        .values_list("kind", "name")
        .union(Tenant.objects.annotate(kind=Value("b")).values_list("kind", "name"), all=True)
        .order_by("kind", "name")
    ),
    "the first": lambda: Tenant.objects.order_by("-pk")[:1],
    "spans": lambda: Event.objects.order_by("pk").values_list(
        ExpressionWrapper(F("at") - F("tenant__registered_at"), output_field=DurationField())
    ),
    "none": lambda: Tenant.objects.none(),
    "those of no key": lambda: Tenant.objects.filter(pk__in=[]),
    "how many": lambda: batching.count(Tenant.objects.order_by("name")),
    "how many of none": lambda: batching.count(Tenant.objects.filter(name="nobody")),
}


@pytest.fixture
def two() -> None:
    now = timezone.now()
    for who in (cast.ACME, cast.BOREALIS):
        tenant = cast.enrol(who, at=now - timedelta(days=40, hours=3))
        Event.objects.create(tenant=tenant, kind=EventKind.STAGE, text="100 %", data={"a": [1]})


def flat(rows: list[Any]) -> list[Any]:
    """Return rows as what can be compared: of a model, all that was read."""
    return [
        {key: value for key, value in vars(row).items() if key != "_state"}
        if hasattr(row, "_state")
        else row
        for row in rows
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_the_same_rows_in_one_statement_with_others(two: None, name: str) -> None:
    alone = list(QUERIES[name]())
    _, found = together(Tenant.objects.all(), QUERIES[name]())
    assert flat(found) == flat(alone)
    if name == "rows and the rows that they belong to":
        assert flat([row.tenant for row in found]) == flat([row.tenant for row in alone])


@batched
def _names(kind: str) -> Asking[list[str]]:
    (keys,) = yield [Event.objects.filter(kind=kind).values_list("tenant", flat=True)]
    (names,) = yield [Tenant.objects.filter(pk__in=keys).values_list("name", flat=True)]
    return sorted(names)


@batched
def _both() -> Asking[tuple[list[str], int]]:
    names, number = yield from gather(
        _names.asking(EventKind.STAGE), batching.count(Event.objects.all())
    )
    return names, batching.number(number)


def test_functions_that_ask_together_cost_one_statement_a_round(
    two: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        found = together(_names.asking(EventKind.STAGE), _both.asking(), _names.asking("x"))
    with django_assert_num_queries(3):
        both = _both()
    assert found == [both[0], both, []]
    assert len(both[0]) == 2


def test_nothing_asked_costs_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert together(Tenant.objects.none()) == [[]]
        assert together() == []


def test_a_query_in_sql_gives_what_json_can_say(two: None) -> None:
    wanted = Sql("SELECT name, count(*) FROM tenants_tenant WHERE name <> %s GROUP BY 1", ["x"], 2)
    (found, _) = together(wanted, Tenant.objects.all())
    assert sorted(found) == sorted(wanted)
    assert {number for _, number in found} == {1}


def test_an_encrypted_column_cannot_be_asked_for() -> None:
    with pytest.raises(TypeError, match="SalesforceGrant: JSON has no form for BinaryField"):
        together(SalesforceGrant.objects.all())
