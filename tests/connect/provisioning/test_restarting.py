"""A connection that breaks on its way to live: restarted, then for staff."""

from datetime import timedelta

import pytest
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


def test_an_outage_that_the_first_restart_falls_into_costs_a_minute(loading: Journey) -> None:
    loading.fault("region", "POST", RESTART, status=202)  # the database is still away
    force(loading, "DB_UNAVAILABLE")
    waited = timedelta()
    for _ in range(5):
        seen = loading.advance()
        assert seen.next_attempt_at is not None
        waited += seen.next_attempt_at - timezone.now()
    assert timedelta(seconds=40) < waited < timedelta(seconds=70)
    loading.advance()
    assert loading.calls("POST", RESTART) == 2
    loading.running.behave(bulk_load_seconds=0)
    loading.running.advance(3600)
    loading.reach(Stage.LIVE)


def test_one_that_stays_is_restarted_five_times_in_all_and_then_blocked(
    loading: Journey,
) -> None:
    loading.fault("region", "POST", RESTART, status=202, times=100)  # a restart changes nothing
    force(loading, "DB_UNAVAILABLE")
    for _ in range(retry.MAX_ATTEMPTS - 1):
        assert loading.advance().blocked_at is None
    seen = loading.advance()
    assert seen.blocked_kind == BlockedKind.DATABASE
    assert loading.calls("POST", RESTART) == 5
    loading.running.clear_faults()
    operations.operate("restart", seen.pk, "olga", {})
    assert Connection.objects.get(pk=seen.pk).blocked_at is None


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
