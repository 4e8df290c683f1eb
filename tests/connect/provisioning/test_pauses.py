"""A pause until a time: it ends once, without staff, even if a worker dies or a call fails."""

from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from connect import switches
from connect.health import states
from connect.models import Connection, Incident, Stage
from connect.operations import connection as operations
from connect.provisioning import pauses, reconciler
from tenants import sweeps
from tenants.models import Event, EventKind, Message, Switch
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def pause(journey: Journey, **span: float) -> str:
    until = timezone.now() + timedelta(**span)
    options = {"until": until.isoformat(), "note": "Their data centre moves."}
    said = operations.operate("pause_until", journey.connection.pk, "olga", options).text
    journey.connection.refresh_from_db()
    return said


def let_it_end(journey: Journey) -> Connection:
    """Let the end of the pause come, and the worker find it."""
    past = timezone.now() - timedelta(seconds=1)
    Connection.objects.update(paused_until=past, next_attempt_at=past, queued_at=None)
    assert sweeps.run() == 1
    reconciler.advance(journey.connection.pk)
    journey.connection.refresh_from_db()
    return journey.connection


@pytest.fixture
def live(journey: Journey) -> Journey:
    journey.reach(Stage.LIVE)
    return journey


def state_at_heroku(journey: Journey) -> str:
    path = f"{journey.running.url}/control/connections"
    (found,) = requests.get(path, timeout=10).json()["connections"]
    return str(found["state"])


def test_it_pauses_says_until_when_and_is_due_then(live: Journey) -> None:
    said = pause(live, hours=4)
    connection = live.connection
    assert said.endswith("UTC; the state is now PAUSED. Note: Their data centre moves.")
    assert connection.paused_until == connection.next_attempt_at
    assert connection.waiting_for == pauses.WAITING_FOR
    assert connection.is_paused_on_purpose(timezone.now())
    assert not connection.is_paused_on_purpose(timezone.now() + timedelta(hours=5))
    assert sweeps.run() == 0


def test_it_resumes_automatically(live: Journey) -> None:
    pause(live, hours=4)
    connection = let_it_end(live)
    assert (connection.state, connection.paused_until, connection.pause_note) == ("IDLE", None, "")
    assert (connection.next_attempt_at, connection.waiting_for) == (None, "")
    event = Event.objects.get(kind=EventKind.RESUMED)
    assert "Their data centre moves." in event.text
    assert sweeps.run() == 0


def test_too_early_is_not_the_end(live: Journey) -> None:
    pause(live, hours=4)
    Connection.objects.update(next_attempt_at=timezone.now())
    reconciler.advance(live.connection.pk)
    live.connection.refresh_from_db()
    assert live.connection.state == states.PAUSED
    assert live.connection.paused_until == live.connection.next_attempt_at


def test_a_pause_ends_while_provisioning_is_switched_off(live: Journey) -> None:
    pause(live, hours=4)
    Switch.objects.create(name=switches.PROVISIONING.name, on=False, why="Incident")
    assert let_it_end(live).state == "IDLE"


def test_a_pause_that_cannot_end_is_tried_again(live: Journey) -> None:
    pause(live, hours=4)
    live.fault("region", "POST", "/actions/resume$", status=503)
    connection = let_it_end(live)
    assert connection.paused_until is not None
    assert connection.next_attempt_at is not None
    assert connection.last_error
    assert let_it_end(live).paused_until is None


def test_a_pause_that_cannot_end_notifies_staff_and_can_be_retried(live: Journey) -> None:
    pause(live, hours=4)
    live.fault("region", "POST", "/actions/resume$", status=404, body={"message": "gone"})
    connection = let_it_end(live)
    assert "gone" in connection.blocked_reason
    assert Message.objects.filter(kind="blocked").count() == 1
    assert "trying again" in operations.operate("retry", connection.pk, "olga", {}).text
    assert let_it_end(live).state == "IDLE"


def test_resuming_by_hand_ends_the_pause(live: Journey) -> None:
    pause(live, hours=4)
    operations.operate("resume", live.connection.pk, "olga", {})
    live.connection.refresh_from_db()
    assert (live.connection.state, live.connection.paused_until) == ("IDLE", None)
    assert sweeps.run() == 0


def test_what_was_resumed_at_herokus_dashboard_is_not_resumed_again(live: Journey) -> None:
    pause(live, hours=4)
    url = f"{live.running.url}/control/connections/{live.connection.connection_id}/state"
    requests.post(url, json={"state": "IDLE"}, timeout=10).raise_for_status()
    assert let_it_end(live).paused_until is None
    assert live.calls("POST", "/actions/resume") == 0


def test_a_pause_that_is_refused_leaves_no_end_behind(live: Journey) -> None:
    live.fault("region", "POST", "/actions/pause$", status=409, body={"message": "not idle"})
    assert "not idle" in pause(live, hours=4)
    assert (live.connection.paused_until, live.connection.next_attempt_at) == (None, None)


def test_a_pause_whose_answer_is_lost_has_its_end(live: Journey) -> None:
    live.fault("region", "POST", "/actions/pause$", drop="after", times=1)
    said = pause(live, hours=4)
    assert "failed" in said
    assert said.endswith("It may have been done anyway.")
    assert state_at_heroku(live) == "PAUSED"
    assert live.connection.paused_until is not None
    operations.operate("refresh", live.connection.pk, "olga", {})
    assert not Incident.objects.exists()  # it was staff, and not Heroku
    assert let_it_end(live).state == "IDLE"


def test_what_a_dead_worker_has_paused_until_a_time_is_done_when_it_is_repeated(
    live: Journey,
) -> None:
    live.fault("region", "POST", "/actions/pause$", drop="after", times=1)
    pause(live, hours=4)
    assert "the state is now PAUSED" in pause(live, hours=4)
    assert live.connection.paused_until is not None
    assert let_it_end(live).state == "IDLE"


def test_a_pause_without_an_end_can_be_given_one(live: Journey) -> None:
    operations.operate("pause", live.connection.pk, "olga", {})
    pause(live, hours=4)
    assert live.calls("POST", "/actions/pause") == 1
    assert let_it_end(live).state == "IDLE"


def test_a_time_that_passed_in_the_queue_is_skipped(live: Journey) -> None:
    assert "has passed" in pause(live, hours=-1)
    assert live.connection.state == "IDLE"


def test_what_is_paused_until_a_time_imports_nothing_but_can_be_off_boarded(live: Journey) -> None:
    pause(live, hours=4)
    said = operations.operate("import_mappings", live.connection.pk, "olga", {}).text
    assert "skipped, it is paused until" in said
    live.offboard()
    assert (live.connection.stage, live.connection.paused_until) == (Stage.OFFBOARDING, None)


def test_a_snooze_silences_the_alerts_and_nothing_else(journey: Journey) -> None:
    until = timezone.now() + HOUR
    assert "no alerts until" in journey.press("snooze", until=until.isoformat(), note="They know.")
    assert journey.connection.is_snoozed(timezone.now())
    journey.fault("heroku", "POST", "/addons$", status=402, body={"message": "No card."})
    journey.advance()
    assert "No card." in journey.connection.blocked_reason
    assert Event.objects.filter(kind=EventKind.BLOCKED).count() == 1
    assert not Message.objects.filter(kind="blocked").exists()


def test_a_snooze_ends_by_its_time_or_by_hand(journey: Journey) -> None:
    journey.press("snooze", until=(timezone.now() + HOUR).isoformat(), note="")
    assert not journey.connection.is_snoozed(timezone.now() + 2 * HOUR)
    journey.press("unsnooze")
    assert (journey.connection.snoozed_until, journey.connection.snooze_note) == (None, "")
    assert "skipped, it is not snoozed" in journey.press("unsnooze")
