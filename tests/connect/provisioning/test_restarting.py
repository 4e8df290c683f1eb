"""A connection that breaks on its way to live: restarted, then for staff."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from connect.models import BlockedKind, Connection, Stage
from connect.operations import connection as operations
from connect.runner import retry
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
RESTART = "/actions/restart"


def force(journey: Journey, state: str, **mapping: str) -> None:
    path = f"connections/{journey.connection.connection_id}/state"
    journey.running.control("POST", path, {"state": state, **mapping})


@pytest.fixture
def loading(journey: Journey) -> Journey:
    """Acme, whose data takes long to load."""
    journey.running.behave(bulk_load_seconds=3600)
    journey.reach(Stage.LOADING)
    return journey


@pytest.mark.parametrize("state", ["DB_UNAVAILABLE", "SYSTEM_ERROR"])
def test_a_trouble_that_passes_blocks_nobody(loading: Journey, state: str) -> None:
    force(loading, state)
    seen = loading.advance()
    assert (seen.stage, seen.blocked_at, seen.attempts) == (Stage.LOADING, None, 1)
    assert state in seen.last_error
    assert loading.calls("POST", RESTART) == 1
    loading.running.behave(bulk_load_seconds=0)
    loading.running.advance(3600)
    loading.reach(Stage.LIVE)


def look(loading: Journey) -> timedelta:
    """Let the reconciler look once, and the time to its next look pass; return that time."""
    seen = loading.advance()
    pause = max((seen.next_attempt_at or timezone.now()) - timezone.now(), timedelta())
    loading.running.advance(pause.total_seconds())
    passed = {"restarted_at": F("restarted_at") - pause}
    Connection.objects.filter(pk=seen.pk).update(**passed)
    return pause


def look_for(loading: Journey, time: timedelta) -> None:
    """Let that much time pass, with all the looks in it."""
    while time > timedelta() and loading.connection.stage == Stage.LOADING:
        time -= look(loading)
        assert loading.connection.blocked_at is None


def test_an_outage_that_the_first_restart_falls_into_costs_about_a_minute(
    loading: Journey,
) -> None:
    loading.fault("region", "POST", RESTART, status=202)  # the database is still away
    force(loading, "DB_UNAVAILABLE")
    look_for(loading, timedelta(seconds=40))
    assert loading.calls("POST", RESTART) == 1
    look_for(loading, timedelta(minutes=2))
    assert loading.calls("POST", RESTART) == 2
    loading.running.behave(bulk_load_seconds=0)
    loading.running.advance(3600)
    loading.reach(Stage.LIVE)


def test_restarts_that_seem_to_work_are_as_few_as_those_that_do_not(loading: Journey) -> None:
    # A restarted one is well until it needs Postgres.
    loading.running.behave(database_away=True, recovery_seconds=10)
    force(loading, "DB_UNAVAILABLE", object_name="Contact")
    look_for(loading, timedelta(minutes=15))
    assert loading.calls("POST", RESTART) == 3
    look_for(loading, timedelta(minutes=30))
    assert loading.calls("POST", RESTART) == 4
    loading.running.behave(database_away=False, bulk_load_seconds=0)
    look_for(loading, timedelta(minutes=60))
    loading.reach(Stage.LIVE)
    assert loading.calls("POST", RESTART) == 5


def test_one_that_stays_is_restarted_at_intervals_and_then_blocked(loading: Journey) -> None:
    loading.fault("region", "POST", RESTART, status=202, times=100)  # a restart changes nothing
    force(loading, "DB_UNAVAILABLE")
    for _ in range(retry.MAX_ATTEMPTS):
        assert loading.connection.blocked_at is None
        look(loading)
    seen = loading.connection
    assert seen.blocked_kind == BlockedKind.DATABASE
    assert loading.calls("POST", RESTART) == 5
    # A retry of staff begins from the start.
    operations.operate("retry", seen.pk, "olga", {})
    loading.advance()
    assert loading.calls("POST", RESTART) == 6
    loading.running.clear_faults()
    operations.operate("restart", seen.pk, "olga", {})
    assert Connection.objects.get(pk=seen.pk).blocked_at is None


def test_an_attempt_that_failed_for_another_reason_delays_no_restart(loading: Journey) -> None:
    loading.fault("region", "GET", "connections/", status=503, times=10)
    force(loading, "DB_UNAVAILABLE")
    assert (loading.advance().attempts, loading.calls("POST", RESTART)) == (1, 0)
    loading.running.clear_faults()
    loading.advance()
    assert loading.calls("POST", RESTART) == 1


def test_a_restart_from_the_future_counts_for_nothing(loading: Journey) -> None:
    force(loading, "DB_UNAVAILABLE")
    tomorrow = timezone.now() + timedelta(days=1)
    Connection.objects.update(restarts=5, restarted_at=tomorrow)
    loading.advance()
    assert loading.calls("POST", RESTART) == 1


def test_a_mapping_that_only_lost_the_database_is_restarted_too(loading: Journey) -> None:
    force(loading, "DB_UNAVAILABLE", object_name="Contact")
    assert loading.advance().blocked_at is None
    assert loading.calls("POST", RESTART) == 1


def test_a_mapping_that_cannot_be_loaded_still_blocks_at_once(loading: Journey) -> None:
    force(loading, "BAD_CONFIG", object_name="Contact")
    assert loading.advance().blocked_kind == BlockedKind.MAPPING_BROKEN


@pytest.fixture
def busy(journey: Journey) -> Journey:
    """Acme, whose connection was busy in the moment of the import."""
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    refusal = {"message": "Cannot import while the connection is CHANGE_MODE."}
    journey.fault("region", "POST", "/actions/import$", status=409, body=refusal)
    journey.do_the_admins_part()
    journey.reach(Stage.IMPORTING_MAPPINGS)
    return journey


def test_an_import_waits_for_a_connection_that_is_busy(busy: Journey) -> None:
    seen = busy.connection
    assert (seen.blocked_at, seen.last_error) == (None, "")
    assert "to be idle (Heroku Connect answered 409: Cannot import" in seen.waiting_for
    busy.reach(Stage.LIVE)
    assert busy.calls("POST", "/actions/import") == 2


def test_a_trouble_in_the_moment_of_the_import_blocks_nobody(busy: Journey) -> None:
    force(busy, "DB_UNAVAILABLE")
    seen = busy.advance()
    assert (seen.stage, seen.blocked_at, seen.attempts) == (Stage.IMPORTING_MAPPINGS, None, 1)
    assert "DB_UNAVAILABLE" in seen.last_error
    assert busy.calls("POST", RESTART) == 1
    busy.reach(Stage.LIVE)
