"""The grace period: an off-boarding pauses, can be undone, and ends by itself when it is over."""

from datetime import timedelta

import pytest
import requests
from django.db import connection as database
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect import standing, switches
from connect.health import states
from connect.models import WAITS_FOR_END, BlockedKind, Connection, Health, SchemaFate, Stage
from connect.provisioning import pauses, reconciler
from tenants import sweeps
from tenants.models import Event, EventKind, Message, MessageKind, SalesforceGrant, Switch
from tenants.progress import Button, progress_of
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
KEEP = {"schema_fate": SchemaFate.KEEP.value}
DROP = {"schema_fate": SchemaFate.DROP.value}


def work(journey: Journey) -> Connection:
    """Let the worker find what is due: the task of the press is lost."""
    now = timezone.now()
    Connection.objects.update(next_attempt_at=now, queued_at=None)
    assert sweeps.run() == 1
    reconciler.advance(journey.connection.pk)
    journey.connection.refresh_from_db()
    return journey.connection


def let_it_end(journey: Journey) -> Connection:
    Connection.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    return work(journey)


def set_state(journey: Journey, state: str) -> None:
    path = f"/control/connections/{journey.connection.connection_id}/state"
    answer = requests.post(f"{journey.running.url}{path}", json={"state": state}, timeout=10)
    answer.raise_for_status()


def state_at_heroku(journey: Journey) -> str:
    [found] = journey.running.connections()
    return str(found["state"])


@pytest.fixture
def live(journey: Journey) -> Journey:
    journey.reach(Stage.LIVE)
    return journey


@pytest.fixture
def leaving(live: Journey) -> Journey:
    live.press("offboard", **DROP)
    work(live)
    return live


def test_an_off_boarding_pauses_and_says_until_when_it_can_be_undone(live: Journey) -> None:
    said = live.press("offboard", **DROP)
    seen = live.connection
    assert seen.stage == Stage.GRACE
    assert seen.ends_at is not None
    assert timedelta(days=6, hours=23) < seen.ends_at - timezone.now() <= timedelta(days=7)
    assert "can be undone until then" in said
    assert "being paused" in progress_of(live.tenant).said.text
    assert work(live).state == states.PAUSED
    assert (state_at_heroku(live), live.connection.waiting_for) == (states.PAUSED, WAITS_FOR_END)
    # All is there still: the add-on, the schema, our access.
    assert live.running.addons()
    assert _exists(seen.schema_name)
    assert SalesforceGrant.objects.get().is_active
    live.tenant.refresh_from_db()
    assert live.tenant.offboarded_at is None


def test_staff_and_subscriber_read_the_same_of_it(leaving: Journey) -> None:
    seen, said = standing.of(leaving.connection), progress_of(leaving.tenant).said
    assert leaving.connection.ends_at is not None
    assert seen.headline.startswith("Off-boarding can be undone until ")
    assert (seen.remedy.action, seen.reason) == ("undo_offboarding", "Nothing is synchronized.")
    assert f"{leaving.connection.ends_at:%-d %B %Y, %H:%M} UTC" in said.text
    assert "is paused" in said.text
    assert said.button == Button.CONTACT
    assert not progress_of(leaving.tenant).is_moving


@pytest.mark.django_db(transaction=True)
def test_when_the_time_is_over_it_is_off_boarded_as_was_chosen(leaving: Journey) -> None:
    schema = leaving.connection.schema_name
    assert let_it_end(leaving).stage == Stage.OFFBOARDED
    assert not leaving.running.addons()
    assert not _exists(schema)
    assert not SalesforceGrant.objects.exists()
    leaving.tenant.refresh_from_db()
    assert leaving.tenant.offboarded_at is not None


def test_a_manager_need_not_wait_for_the_end(leaving: Journey) -> None:
    assert "started. Drop the schema" in leaving.press("end_grace")
    assert work(leaving).stage == Stage.OFFBOARDED


def test_an_undo_resumes_it_and_all_is_as_before(leaving: Journey) -> None:
    said = leaving.press("undo_offboarding")
    assert leaving.connection.stage == Stage.RESUMING
    assert "as before: live" in said
    seen = work(leaving)
    assert (seen.stage, seen.state, state_at_heroku(leaving)) == (Stage.LIVE, "IDLE", "IDLE")
    assert (seen.schema_fate, seen.ends_at, seen.stage_before) == ("", None, "")
    # It is due no more, and no second mail says that it went live.
    assert seen.next_attempt_at is None
    assert Message.objects.filter(kind=MessageKind.LIVE).count() == 1
    assert Event.objects.filter(kind=EventKind.RESUMED).count() == 1
    assert progress_of(leaving.tenant).is_live
    assert "skipped, it is not in the grace period" in leaving.press("undo_offboarding")


def test_an_undo_after_a_year_does_not_write_that_it_is_live(leaving: Journey) -> None:
    Message.objects.all().delete()  # too old to be kept
    leaving.press("undo_offboarding")
    assert work(leaving).stage == Stage.LIVE
    assert not Message.objects.exists()


def test_an_undo_goes_back_to_where_provisioning_was(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.press("offboard", **KEEP)
    assert work(journey).waiting_for == WAITS_FOR_END
    assert journey.calls("POST", "/actions/pause") == 0  # nothing is synchronized yet
    journey.press("undo_offboarding")
    assert work(journey).stage == Stage.WAITING_FOR_AUTHORIZATION
    assert journey.reach(Stage.LIVE).ends_at is None


def test_an_off_boarding_in_the_middle_of_an_undo_can_be_undone_too(leaving: Journey) -> None:
    leaving.press("undo_offboarding")
    leaving.press("offboard", **KEEP)
    assert (leaving.connection.stage, leaving.connection.stage_before) == (
        Stage.GRACE,
        Stage.LIVE,
    )
    leaving.press("undo_offboarding")
    assert work(leaving).stage == Stage.LIVE


@pytest.mark.parametrize("days", [0, 7])
def test_it_ends_at_once_without_a_period_or_without_an_addon(
    journey: Journey, settings: Settings, days: int
) -> None:
    settings.OFFBOARDING_GRACE_DAYS = days
    if not days:
        journey.reach(Stage.LIVE)
    journey.press("offboard", **KEEP)
    assert journey.connection.stage == Stage.OFFBOARDING
    assert work(journey).stage == Stage.OFFBOARDED


# --- what staff had paused -----------------------------------------------------------------------


def test_an_undo_keeps_the_pause_that_staff_wanted_before(live: Journey) -> None:
    live.press("pause")
    live.press("offboard", **KEEP)
    work(live)
    live.press("undo_offboarding")
    assert (work(live).stage, state_at_heroku(live)) == (Stage.LIVE, states.PAUSED)
    assert Health.objects.get().paused_by == "olga"
    assert live.calls("POST", "/actions/pause") == 1


@pytest.mark.parametrize("is_over", [False, True])
def test_a_pause_until_a_time_goes_on_after_an_undo_unless_it_is_over(
    live: Journey, is_over: bool
) -> None:
    until = timezone.now() + timedelta(hours=4)
    live.press("pause_until", until=until.isoformat(), note="Their data centre moves.")
    live.press("offboard", **KEEP)
    work(live)
    if is_over:
        Connection.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    live.press("undo_offboarding")
    seen = work(live)
    if is_over:
        assert (seen.state, seen.paused_until, seen.pause_note) == ("IDLE", None, "")
    else:
        assert (seen.state, seen.paused_until, seen.next_attempt_at) == ("PAUSED", until, until)
        assert seen.waiting_for == pauses.WAITING_FOR


def test_a_pause_of_staff_ends_with_the_connection(live: Journey) -> None:
    until = timezone.now() + timedelta(days=30)
    live.press("pause_until", until=until.isoformat(), note="They asked for it.")
    live.press("offboard", **KEEP)
    assert let_it_end(live).stage == Stage.OFFBOARDED
    assert live.connection.paused_until is None


# --- when something fails ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 409, 503])
def test_what_cannot_be_paused_is_said_and_off_boarded_all_the_same(
    live: Journey, status: int
) -> None:
    live.fault("region", "POST", "/actions/pause$", status=status, times=1000)
    live.press("offboard", **KEEP)
    seen = work(live)
    assert (seen.stage, seen.blocked_at) == (Stage.GRACE, None)
    assert seen.waiting_for.startswith("the pause: ")
    assert "Waiting for the pause" in standing.of(seen).reason
    assert "being paused" in progress_of(live.tenant).said.text
    let_it_end(live)
    for _ in range(5):  # the end tries to pause it too, some times
        live.advance()
    assert live.connection.stage == Stage.OFFBOARDED


def test_it_is_paused_when_heroku_connect_has_nothing_to_do(live: Journey) -> None:
    set_state(live, "BUSY")
    live.press("offboard", **KEEP)
    seen = work(live)
    assert seen.waiting_for == "the pause: Heroku Connect reports BUSY"
    assert seen.next_attempt_at is not None
    assert seen.next_attempt_at - timezone.now() < timedelta(minutes=1)
    set_state(live, "IDLE")
    assert work(live).state == states.PAUSED


def test_what_somebody_resumed_at_herokus_dashboard_is_paused_again(leaving: Journey) -> None:
    set_state(leaving, "IDLE")
    assert work(leaving).state == states.PAUSED


def test_an_undo_survives_that_heroku_connect_is_away(leaving: Journey) -> None:
    leaving.fault("region", "POST", "/actions/resume$", status=503)
    leaving.press("undo_offboarding")
    seen = work(leaving)
    assert (seen.stage, seen.blocked_at) == (Stage.RESUMING, None)
    assert seen.last_error
    assert seen.next_attempt_at is not None
    assert work(leaving).stage == Stage.LIVE
    assert leaving.connection.last_error == ""


def test_an_undo_that_is_refused_can_be_retried(leaving: Journey) -> None:
    leaving.fault("region", "POST", "/actions/resume$", status=404, body={"message": "gone"})
    leaving.press("undo_offboarding")
    assert work(leaving).blocked_kind == BlockedKind.PEER_REFUSED
    assert "gone" in leaving.connection.blocked_reason
    leaving.press("retry")
    assert work(leaving).stage == Stage.LIVE
    assert (leaving.connection.trouble_since, leaving.connection.trouble_stage) == (None, "")


def test_the_grace_period_ends_while_provisioning_is_switched_off(leaving: Journey) -> None:
    Switch.objects.create(name=switches.PROVISIONING.name, on=False, why="Incident")
    assert let_it_end(leaving).stage == Stage.OFFBOARDED


def test_a_blocked_org_is_off_boarded_too(leaving: Journey) -> None:
    type(leaving.tenant).objects.update(is_blocked=True)
    assert let_it_end(leaving).stage == Stage.OFFBOARDED


def test_what_waits_for_its_end_is_not_tried_again(leaving: Journey) -> None:
    assert "skipped, it waits for the end of the grace period" in leaving.press("retry")


@pytest.mark.parametrize("name", ["offboard", "start_over"])
def test_what_is_leaving_is_not_ended_a_second_time(leaving: Journey, name: str) -> None:
    assert "skipped, its off-boarding has begun" in leaving.press(name, **KEEP)
    assert leaving.connection.stage == Stage.GRACE


def _exists(schema: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None
