"""Standings are read for a whole page at once, and selected by the same rule in SQL."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect import standing
from connect.health import conditions
from connect.models import (
    BlockedKind,
    Condition,
    Connection,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
    WaitingOn,
    WriteError,
)
from connect.standing import Word
from connect.standing.words import OF_LIVE
from tenants.batching import together
from tests import cast
from tests.portal.admin import strangers

pytestmark = pytest.mark.django_db

EXPECTED = {
    "well": Word.LIVE,
    "drifted": Word.DRIFTED,
    "paused": Word.PAUSED,
    "degraded": Word.DEGRADED,
    "writes": Word.DEGRADED,
    "stale": Word.UNKNOWN,
    "limit": Word.BROKEN,
    "wrong": Word.BROKEN,
    "unauthorized": Word.NEEDS_AUTHORIZATION,
    "region": Word.UNKNOWN,
    "both": Word.DEGRADED,
    "recovering": Word.RECOVERING,
    "worse": Word.DEGRADED,
    "held": Word.PAUSED,
    "blocked": Word.BLOCKED,
    "loading": Word.LOADING,
    "lost": Word.NEEDS_AUTHORIZATION,
    "consent": Word.WAITING_FOR_CONSENT,
}


def open_incident(connection: Connection | None, kind: IncidentKind, **facts: Any) -> Incident:
    now = timezone.now()
    return Incident.objects.create(
        connection=connection,
        kind=kind,
        status=IncidentStatus.OPEN,
        text="Something is wrong.",
        opened_at=now,
        **facts,
    )


@pytest.fixture
def fleet() -> dict[str, Connection]:
    """Live connections, each with another fact, and some that are not live."""
    names = list(EXPECTED)
    rows = strangers.connected(range(1, len(names) + 1))
    found = dict(zip(names, rows, strict=True))
    now = timezone.now()
    conditions = {"degraded": Condition.DEGRADED, "unauthorized": Condition.NEEDS_AUTHORIZATION}
    for name, row in found.items():
        condition = conditions.get(name, Condition.HEALTHY)
        at = now - timedelta(hours=1) if name == "stale" else now
        Health.objects.create(connection=row, condition=condition, sampled_at=at)
    Drift.objects.create(connection=found["drifted"], state=DriftState.DRIFTED)
    Drift.objects.create(connection=found["both"], state=DriftState.DRIFTED)
    WriteError.objects.create(connection=found["writes"], table_name="a", cause="b", failed=2)
    open_incident(found["limit"], IncidentKind.TOO_MANY_ROWS)
    open_incident(found["wrong"], IncidentKind.WRONG_ORG)
    open_incident(found["both"], IncidentKind.WRITE_ERRORS)
    open_incident(found["recovering"], IncidentKind.TOO_MANY_ROWS, absent_since=now)
    open_incident(found["worse"], IncidentKind.TOO_MANY_ROWS, absent_since=now)
    open_incident(found["worse"], IncidentKind.MAPPING)
    open_incident(found["held"], IncidentKind.WRITE_ERRORS)
    open_incident(None, IncidentKind.REGION, region_url="https://connect-eu.heroku.com")
    changes: dict[str, dict[str, Any]] = {
        "paused": {"paused_until": now + timedelta(hours=1)},
        "held": {"paused_until": now + timedelta(hours=1)},
        "region": {"region_url": "https://connect-eu.heroku.com"},
        "blocked": {
            "stage": Stage.LINKING,
            "blocked_at": now,
            "blocked_reason": "No.",
            "blocked_kind": BlockedKind.PAYMENT,
        },
        "loading": {"stage": Stage.LOADING, "waiting_on": WaitingOn.HEROKU},
        "lost": {"stage": Stage.LOADING, "waiting_on": WaitingOn.SUBSCRIBER},
        "consent": {"stage": Stage.WAITING_FOR_CONSENT},
    }
    for name, facts in changes.items():
        Connection.objects.filter(pk=found[name].pk).update(**facts)
        found[name].refresh_from_db()
    return found


def test_a_page_of_connections_costs_two_queries(
    fleet: dict[str, Connection], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        found = standing.of_many(fleet.values())
    assert {name: found[row.pk].word for name, row in fleet.items()} == EXPECTED


def test_connections_that_are_not_live_cost_no_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    with django_assert_num_queries(0):
        assert standing.of(connection).word == Word.LINKING


@pytest.mark.parametrize("word", Word)
def test_a_filter_finds_exactly_the_connections_whose_badge_says_its_word(
    fleet: dict[str, Connection], word: Word
) -> None:
    rows = Connection.objects.filter(standing.with_word(word, timezone.now()))
    expected = {fleet[name].pk for name, said in EXPECTED.items() if said == word}
    assert set(rows.values_list("pk", flat=True)) == expected


def test_the_words_are_counted_with_one_statement(
    fleet: dict[str, Connection], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        (found,) = together(standing.counts.asking(timezone.now()))
    assert found == Counter(EXPECTED.values())


def test_a_closed_or_suspected_incident_says_nothing(fleet: dict[str, Connection]) -> None:
    for status in (IncidentStatus.SUSPECTED, IncidentStatus.CLOSED):
        Incident.objects.update(status=status)
        assert standing.of(fleet["limit"]).word == Word.LIVE


def test_a_trouble_is_as_old_when_it_opens_as_when_it_was_suspected(
    fleet: dict[str, Connection],
) -> None:
    row, now = fleet["degraded"], timezone.now()
    began = now - timedelta(minutes=3)
    Health.objects.filter(connection=row).update(since=began - timedelta(seconds=1))
    found = open_incident(row, IncidentKind.MAPPING, suspected_at=began)
    Incident.objects.filter(pk=found.pk).update(status=IncidentStatus.SUSPECTED, opened_at=None)
    assert standing.of(row).since == began
    Incident.objects.filter(pk=found.pk).update(status=IncidentStatus.OPEN, opened_at=now)
    assert standing.of(row).since == began


def test_the_condition_ranks_what_is_wrong_as_the_badge_does(
    fleet: dict[str, Connection],
) -> None:
    Health.objects.filter(connection=fleet["held"]).update(condition=Condition.PAUSED)
    said = dict(Health.objects.annotate(said=conditions.expression()).values_list("pk", "said"))
    live = [row for row in fleet.values() if row.stage == Stage.LIVE and not row.blocked_at]
    words = {row.pk: found.word.value for row, found in
             ((row, standing.of(row)) for row in live)}  # fmt: skip
    by_condition = {pk: word for pk, word in words.items() if word in Condition.values}
    assert {pk: said[pk] for pk in by_condition} == {
        **by_condition, fleet["paused"].pk: Condition.HEALTHY,  # not observed yet
    }  # fmt: skip
    assert [each.value for each in Condition if each.value in Word.values] == [
        each.value for each in OF_LIVE if each.value in Condition.values
    ]


def test_a_tenant_without_a_connection_is_new_or_gone() -> None:
    tenant = cast.enrol(cast.ACME)
    assert standing.of_tenant(tenant, None).word == Word.NEW
    tenant.offboarded_at = timezone.now()
    assert standing.of_tenant(tenant, None).word == Word.OFFBOARDED
