"""The Salesforce API version of many connections: compared, paused, changed, resumed."""

from typing import Any

import pytest

from connect.models import (
    BlockedKind,
    Connection,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutKind,
    RolloutStatus,
    Stage,
)
from connect.rollouts import creating, lifecycle
from connect.rollouts.status import TransitionRefused
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import step

pytestmark = pytest.mark.django_db
UNSAFE = {
    "message": "Some mappings have unsafe changes. Edit them and retry.",
    "current_api_version": "60.0",
    "target_api_version": "61.0",
    "mappings": [
        {
            "name": "Contact",
            "fields_have_changed": True,
            "has_unsafe_changes": True,
            "action_undetermined": False,
            "result_message": "Fields removed from Salesforce: number. ",
        }
    ],
}
SYNCING = {
    "error": "Mapping Contact is still syncing. Wait until it is synced and retry.",
    "syncing_mappings": ["Contact"],
}


def started(work: Work) -> Rollout:
    rollout = Rollout(
        kind=RolloutKind.API_VERSION, api_version="61.0", author="mia", failure_limit=100
    )
    rollout = work(creating.create(rollout, Connection.objects.all()))
    assert rollout.status == RolloutStatus.READY
    return lifecycle.start(rollout.pk, "mia")


def refuse(fleet: Fleet, body: dict[str, Any], times: int | None = None) -> None:
    path = "change-sf-api-version"
    fleet.running.fail("region", path=path, status=409, body=body, times=times)


def test_a_connection_is_paused_changed_and_resumed(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = work(started(work))
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 1}
    assert (member.remote.api_version, member.remote.state) == ("61.0", "IDLE")
    assert member.now().api_version == "61.0"
    made = [call["path"].rpartition("/")[2] for call in fleet.running.calls()]
    assert [each for each in made if each in ("pause", "resume")] == ["pause", "resume"]


def test_one_that_was_paused_before_stays_paused(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    member.remote.force("PAUSED")
    work(started(work))
    assert (member.remote.api_version, member.remote.state) == ("61.0", "PAUSED")


def test_a_tenant_that_is_off_boarded_while_it_is_paused_for_it_fails_at_once(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(work)
    assert step(rollout, member).sent_at is not None
    Connection.objects.update(stage=Stage.OFFBOARDING)
    item = step(rollout, member)
    assert (item.status, item.last_error) == (
        RolloutItemStatus.FAILED,
        "It is no longer live: off-boarding.",
    )


def test_unsafe_changes_are_found_before_anything_is_done(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    fleet.remove_field(member, "Account", "Phone")
    rollout = Rollout(kind=RolloutKind.API_VERSION, api_version="61.0", author="mia")
    rollout = work(creating.create(rollout, Connection.objects.all()))
    assert rollout.status == RolloutStatus.REFUSED
    (finding,) = rollout.items.get().findings
    assert (finding["rule"], finding["where"]) == ("unsafe-change", "Account")
    assert "Fields removed from Salesforce: Phone." in finding["text"]
    assert fleet.calls("POST") == 0


def test_a_refusal_for_unsafe_changes_is_explained_and_the_connection_continues(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    refuse(fleet, UNSAFE)
    rollout = work(started(work))
    item = rollout.items.get()
    assert item.status == RolloutItemStatus.FAILED
    assert "Contact: Fields removed from Salesforce: number." in item.last_error
    assert (member.remote.api_version, member.remote.state) == ("60.0", "IDLE")


def test_one_that_is_still_syncing_is_resumed_and_tried_again(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    refuse(fleet, SYNCING, times=1)
    rollout = started(work)
    work(rollout, times=2)
    item = RolloutItem.objects.get()
    assert (item.step, item.waiting_for) == ("pause", "Heroku Connect to load Contact")
    assert member.remote.state == "IDLE"
    work(rollout, passing=130)
    assert (member.remote.api_version, member.remote.state) == ("61.0", "IDLE")


def test_one_that_loads_again_at_each_pause_has_an_end(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    refuse(fleet, SYNCING)
    item = work(started(work), times=40, passing=130).items.get()
    assert (item.status, member.remote.state) == (RolloutItemStatus.FAILED, "IDLE")
    assert "It was paused 5 times, and each time Contact was loaded" in item.last_error


def test_a_connection_that_loses_its_database_is_restarted_and_then_changed(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(work)
    member.remote.force("DB_UNAVAILABLE")
    assert step(rollout, member).status == RolloutItemStatus.WORKING
    work(rollout)
    assert (member.remote.api_version, member.remote.state) == ("61.0", "IDLE")


def test_one_that_was_paused_while_syncing_is_left_to_staff(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    member.remote.force("PAUSED")
    refuse(fleet, SYNCING)
    item = work(started(work)).items.get()
    assert (item.status, member.remote.state) == (RolloutItemStatus.FAILED, "PAUSED")
    assert "resume it, wait until all is loaded" in item.last_error


def test_the_connection_is_resumed_after_any_failure(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    body = {"error": "61.0 is not supported"}
    fleet.running.fail("region", path="change-sf-api-version", status=400, body=body)
    item = work(started(work)).items.get()
    assert (item.status, member.remote.state) == (RolloutItemStatus.FAILED, "IDLE")
    # The connection was resumed in between, which keeps the reason.
    assert item.blocked_kind == BlockedKind.PEER_REFUSED
    assert "61.0 is not supported" in item.last_error


def test_an_api_version_cannot_be_rolled_back(fleet: Fleet, work: Work) -> None:
    fleet.add()
    rollout = work(started(work))
    with pytest.raises(TransitionRefused, match="Only mappings"):
        lifecycle.roll_back(rollout.pk, "mia")
