"""What staff can do to a connection, and the refusals that they get."""

from typing import Any

import pytest
import requests
from django.db.models import Max
from django.utils import timezone
from django_q.models import OrmQ

from connect import standing
from connect.models import (
    WAITS_FOR_CAP,
    WAITS_FOR_ROOM,
    BlockedKind,
    Connection,
    Health,
    Incident,
    SchemaFate,
    Stage,
    WaitingOn,
)
from connect.operations import base
from connect.operations import connection as operations
from connect.runner import lease
from tenants import sweeps
from tenants.models import Event, EventKind, Message, MessageKind, Switch
from tests import cast
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
KEEP = {"schema_fate": SchemaFate.KEEP.value}


def operate(name: str, connection: Connection, **options: Any) -> str:
    report = operations.operate(name, connection.pk, "olga", options)
    connection.refresh_from_db()
    return report.text


def set_state(journey: Journey, state: str, mapping: str = "") -> None:
    """Let Heroku Connect report a state, of the connection or of one mapping."""
    connection = journey.connection
    path = f"/control/connections/{connection.connection_id}/state"
    document = {"state": state, **({"object_name": mapping} if mapping else {})}
    requests.post(f"{journey.running.url}{path}", json=document, timeout=10).raise_for_status()


def still_loading(journey: Journey) -> None:
    """Bring a connection to the stage in which Heroku Connect loads its data."""
    journey.reach(Stage.LIVE)
    Connection.objects.update(stage=Stage.LOADING, live_at=None)


def last_action() -> Event:
    return Event.objects.filter(kind=EventKind.STAFF_ACTION).latest("pk")


@pytest.mark.parametrize(
    ("name", "stage", "facts", "reason"),
    [
        ("retry", Stage.LIVE, {}, "there is nothing left to do"),
        ("retry", Stage.OFFBOARDED, {}, "there is nothing left to do"),
        (
            "retry",
            Stage.CREATING_ADDON,
            {"waiting_for": WAITS_FOR_CAP, "waiting_on": WaitingOn.STAFF},
            "trying again cannot help: if the tenants that wait are genuine, allow more",
        ),
        (
            "retry",
            Stage.CREATING_ADDON,
            {"waiting_for": f"{WAITS_FOR_ROOM}: it is full", "waiting_on": WaitingOn.STAFF},
            "trying again cannot help: add a host app",
        ),
        ("pause", Stage.LOADING, {}, "only a live connection"),
        ("pause", Stage.LIVE, {"state": "PAUSED"}, "already paused"),
        ("resume", Stage.LIVE, {"state": "IDLE"}, "not paused"),
        ("restart", Stage.LINKING, {}, "does not know it yet"),
        (
            "restart",
            Stage.LIVE,
            {"state": "TOO_MANY_ROWS", "connection_id": "c"},
            "a restart cannot help: upgrade the add-on's plan, or delete rows or mappings",
        ),
        (
            "restart",
            Stage.LIVE,
            {"state": "UNAUTHORIZED", "connection_id": "c"},
            "a restart cannot help: ask the admin to authorize Heroku Connect again",
        ),
        ("refresh", Stage.CREATING_ADDON, {}, "does not know it yet"),
        ("import_mappings", Stage.WAITING_FOR_AUTHORIZATION, {}, "not authorized yet"),
        ("offboard", Stage.OFFBOARDING, {}, "already off-boarding"),
        ("start_over", Stage.OFFBOARDED, {}, "already off-boarded"),
        ("undo_offboarding", Stage.OFFBOARDING, {}, "not in the grace period"),
        ("end_grace", Stage.LIVE, {}, "not in the grace period"),
    ],
)
def test_what_is_not_legal_is_skipped_with_the_reason_and_noted(
    name: str, stage: Stage, facts: dict[str, str], reason: str
) -> None:
    if stage in (Stage.LOADING, Stage.LIVE):
        facts = {**facts, "organization_id": cast.ACME["org_id"]}
    ended = {"offboarded_at": timezone.now()} if stage == Stage.OFFBOARDED else {}
    connection = cast.connect(cast.enrol(cast.ACME), stage, **facts, **ended)
    said = operate(name, connection, **KEEP)
    assert "skipped" in said
    assert reason in said
    assert (last_action().text, last_action().actor) == (said, "olga")
    assert connection.stage == stage
    assert connection.lease is None


def test_retry_clears_the_block_and_continues_at_once() -> None:
    blocked = {"blocked_at": timezone.now(), "blocked_reason": "No card.", "attempts": 9}
    connection = cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON, **blocked)
    said = operate("retry", connection)
    assert said == "Retry provisioning: trying again: creating the add-on."
    assert (connection.blocked_at, connection.attempts, connection.lease) == (None, 0, None)
    assert sweeps.run() == 0  # it is queued already
    assert OrmQ.objects.count() == 1


def turn_provisioning_off() -> None:
    Switch.objects.create(name="provisioning", on=False, why="a leak", who="mia")


def test_what_a_kill_switch_holds_up_is_not_tried_again() -> None:
    connection = cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON)
    turn_provisioning_off()
    said = operate("retry", connection)
    assert (
        said == "Retry provisioning: skipped, the kill switch “Provisioning” is off: a leak (mia)."
    )


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("retry", BlockedKind.PAYMENT, "unblocked: creating the add-on. It waits: the kill switch"),
        ("overwrite", BlockedKind.OVERWRITES, "allowed. It waits: the kill switch"),
    ],
)
def test_an_unblocked_connection_that_a_kill_switch_holds_up_says_so(
    name: str, kind: BlockedKind, said: str
) -> None:
    blocked = {"blocked_at": timezone.now(), "blocked_reason": "No card.", "blocked_kind": kind}
    connection = cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON, **blocked)
    turn_provisioning_off()
    assert said in operate(name, connection)
    assert connection.blocked_at is None


def test_an_import_that_a_kill_switch_holds_up_says_so() -> None:
    facts = {"organization_id": cast.ACME["org_id"]}
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LIVE, **facts)
    turn_provisioning_off()
    assert "It waits: the kill switch “Provisioning” is off" in operate(
        "import_mappings", connection
    )


def test_pause_resume_restart_and_refresh_reach_heroku_connect(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    assert operate("pause", connection) == "Pause: accepted; the state is now PAUSED."
    assert operate("resume", connection) == "Resume: accepted; the state is now IDLE."
    url = f"{journey.running.url}/control/connections/{connection.connection_id}/state"
    requests.post(url, json={"state": "SYSTEM_ERROR"}, timeout=10).raise_for_status()
    assert operate("refresh", connection) == "Refresh: the state is SYSTEM_ERROR."
    assert "accepted" in operate("restart", connection)
    assert operate("refresh", connection) == "Refresh: the state is IDLE."


def test_a_peer_that_refuses_is_quoted(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.fault("region", "POST", "/actions/pause$", status=409, body={"message": "not idle"})
    said = operate("pause", connection)
    assert "failed" in said
    assert "not idle" in said
    assert last_action().text == said
    assert connection.lease is None


def test_a_pause_whose_answer_is_lost_is_not_taken_for_one_by_heroku(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.fault("region", "POST", "/actions/pause$", drop="after", times=1)
    said = operate("pause", connection)
    assert "failed" in said
    assert said.endswith("It may have been done anyway.")
    assert operate("refresh", connection) == "Refresh: the state is PAUSED."
    assert Health.objects.get().paused_by == "olga"
    assert not Incident.objects.exists()


def test_what_a_dead_worker_has_paused_and_resumed_is_done_when_it_is_repeated(
    journey: Journey,
) -> None:
    connection = journey.reach(Stage.LIVE)
    for name, state in (("pause", "PAUSED"), ("resume", "IDLE")):
        journey.fault("region", "POST", f"/actions/{name}$", drop="after", times=1)
        operate(name, connection)
        before = connection.state
        assert operate(name, connection).endswith(f"accepted; the state is now {state}.")
        assert (before != state, connection.state) == (True, state)
        assert Health.objects.get().paused_by == ("olga" if name == "pause" else "")
        assert not Incident.objects.exists()


def test_importing_again_sends_the_newest_template_and_ends_live(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    assert "asked for the version" in operate("import_mappings", connection)
    assert connection.stage == Stage.IMPORTING_MAPPINGS
    journey.connection.refresh_from_db()
    journey.reach(Stage.LIVE)
    assert journey.calls("POST", "/actions/import") == 2


def test_off_boarding_a_blocked_tenant_is_possible(journey: Journey) -> None:
    connection = journey.reach(Stage.WAITING_FOR_CONSENT)
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Something.")
    assert "it ends at" in operate("offboard", connection, **KEEP)
    assert (connection.stage, connection.blocked_at) == (Stage.GRACE, None)
    operate("end_grace", connection)
    journey.connection.refresh_from_db()
    assert journey.reach(Stage.OFFBOARDED).schema_fate == SchemaFate.KEEP


def test_starting_over_begins_the_next_generation(journey: Journey) -> None:
    connection = journey.reach(Stage.WAITING_FOR_CONSENT)
    operate("start_over", connection, **KEEP)
    journey.connection.refresh_from_db()
    journey.reach(Stage.OFFBOARDED)
    assert Connection.objects.aggregate(last=Max("generation"))["last"] == 2


def test_a_restart_ends_the_block_that_it_solves(journey: Journey) -> None:
    still_loading(journey)
    set_state(journey, "SYSTEM_ERROR")
    connection = Connection.objects.get()
    # As after the last restart that the portal does by itself.
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        blocked_at=now,
        blocked_kind=BlockedKind.SYSTEM_ERROR,
        blocked_reason="It stopped with SYSTEM_ERROR.",
        trouble_since=now,
    )
    connection.refresh_from_db()
    assert operate("restart", connection).endswith("Provisioning continues.")
    assert connection.blocked_at is None
    assert journey.reach(Stage.LIVE).blocked_kind == ""


def test_a_restart_ends_no_block_that_it_does_not_solve(journey: Journey) -> None:
    still_loading(journey)
    set_state(journey, "TOO_MANY_ROWS")
    connection = journey.advance()
    assert connection.blocked_kind == BlockedKind.ROW_LIMIT
    assert "continues" not in operate("restart", connection)
    assert connection.blocked_at is not None


def test_an_authorization_that_is_lost_while_loading_is_asked_for_again(
    journey: Journey,
) -> None:
    still_loading(journey)
    set_state(journey, "UNAUTHORIZED")
    connection = journey.advance()
    assert (connection.blocked_at, connection.waiting_on) == (None, WaitingOn.SUBSCRIBER)
    assert standing.of(connection).word == standing.Word.NEEDS_AUTHORIZATION
    mails = Message.objects.filter(kind=MessageKind.AUTHORIZE_AGAIN)
    journey.advance()
    assert mails.count() == 1
    operate("reauthorize", connection)
    assert mails.count() == 2
    journey.admin.authorize(journey.tenant)
    assert journey.reach(Stage.LIVE).stage == Stage.LIVE


def test_importing_again_after_a_broken_mapping_does_not_make_the_trouble_look_new(
    journey: Journey,
) -> None:
    still_loading(journey)
    set_state(journey, "BAD_CONFIG", "Account")
    connection = journey.advance()
    since = connection.blocked_at
    assert connection.blocked_kind == BlockedKind.MAPPING_BROKEN
    operate("import_mappings", connection)
    journey.connection.refresh_from_db()
    assert (connection.stage, connection.trouble_since) == (Stage.IMPORTING_MAPPINGS, since)
    seen = journey.reach(Stage.LIVE)
    assert (seen.trouble_since, seen.trouble_stage) == (None, "")


def test_an_operation_never_meets_the_reconciler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LEASE_PATIENCE", 0.3)
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    assert lease.take(connection.pk) is not None
    with pytest.raises(base.Busy):
        operate("offboard", connection, **KEEP)


def test_linking_again_gives_the_portal_its_access_back(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.running.control("PATCH", f"addons/{connection.addon_id}", {"linked": False})
    assert "failed" in operate("refresh", connection)
    assert "linked; the state is now IDLE" in operate("link", connection)


def test_the_user_who_pauses_is_stored_until_it_is_resumed(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    operate("pause", connection)
    assert Health.objects.get().paused_by == "olga"
    operate("resume", connection)
    assert Health.objects.get().paused_by == ""


def test_a_subscriber_can_be_asked_to_authorize_again(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    assert "skipped, it is authorized" in operate("reauthorize", connection)
    Connection.objects.update(state="UNAUTHORIZED")
    assert "a mail with the link is queued for ops@acme.example" in operate(
        "reauthorize", connection
    )
    message = Message.objects.get(kind=MessageKind.AUTHORIZE_AGAIN)
    assert "/authenticate/" in message.text
