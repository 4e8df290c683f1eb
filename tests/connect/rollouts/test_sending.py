"""Sending a version: nothing is sent twice or left half-done."""

from datetime import timedelta

import pytest
from django.db.models import F

from connect.models import (
    BlockedKind,
    Connection,
    Prune,
    RolloutItemStatus,
    RolloutStatus,
)
from connect.rollouts import lifecycle
from connect.runner import retry
from tenants.models import Event
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work, pass_time
from tests.connect.rollouts.driving import fault, make, started, step

pytestmark = pytest.mark.django_db


def test_a_version_is_checked_sent_once_loaded_and_noted(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = work(make(fleet))
    assert rollout.status == RolloutStatus.READY
    assert fleet.calls("POST") == 0
    lifecycle.start(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.DONE
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 1}
    assert "Segment__c" in fleet.mapped(member)["Account"]
    assert "Contact" in fleet.mapped(member)
    assert member.now().template == rollout.template
    assert member.now().lease is None
    assert fleet.calls("POST", "/actions/import") == 1
    noted = Event.objects.filter(tenant=member.tenant).latest("pk")
    assert (noted.actor, "Version 2 is there and loaded" in noted.text) == ("mia", True)


def test_an_import_that_cannot_be_seen_yet_is_neither_over_nor_sent_again(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    fleet.running.behave(import_lag_seconds=20, import_seconds=10)
    rollout = started(fleet, work)
    assert step(rollout, member).waiting_for == "Heroku Connect to take the mappings"
    for _ in range(4):
        assert member.remote.state == "IDLE"
        item = step(rollout, member)
        assert (item.status, item.sends) == (RolloutItemStatus.WORKING, 1)
    pass_time(fleet, 20)
    assert step(rollout, member).waiting_for == "Heroku Connect to take the mappings"
    pass_time(fleet, 15)
    assert step(rollout, member).status == RolloutItemStatus.DONE
    assert fleet.calls("POST", "/actions/import") == 1


def test_it_is_not_done_before_everything_is_loaded(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    fleet.running.behave(bulk_load_seconds=300)
    rollout = started(fleet, work)
    step(rollout, member)
    item = step(rollout, member)
    assert (item.status, item.waiting_for) == (
        RolloutItemStatus.WORKING,
        "Heroku Connect to load Account",
    )
    pass_time(fleet, 301)
    assert step(rollout, member).status == RolloutItemStatus.DONE


def test_an_import_whose_answer_was_lost_is_found_and_not_repeated(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "POST", "/actions/import", drop="after")
    assert step(rollout, member).last_error
    assert work(rollout).status == RolloutStatus.DONE
    assert fleet.calls("POST", "/actions/import") == 1


def test_an_import_that_never_arrived_is_sent_again_after_a_good_while(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "POST", "/actions/import", status=500)
    step(rollout, member)
    assert step(rollout, member).sends == 1
    pass_time(fleet, 61)
    assert step(rollout, member).sends == 2
    assert work(rollout).status == RolloutStatus.DONE


def test_an_import_that_is_lost_every_time_fails_with_advice(fleet: Fleet, work: Work) -> None:
    fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "POST", "/actions/import", status=500, times=None)
    work(rollout, passing=70)
    item = rollout.items.get()
    assert (item.status, item.sends) == (RolloutItemStatus.FAILED, 3)
    assert "without any effect" in item.last_error


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ("PAUSED", BlockedKind.PAUSED, "Resume it"),
        ("UNAUTHORIZED", BlockedKind.AUTHORIZATION_LOST, "has to authorize again"),
    ],
)
def test_a_connection_that_takes_no_import_fails_with_what_to_do(
    fleet: Fleet, work: Work, state: str, kind: BlockedKind, said: str
) -> None:
    member = fleet.add()
    rollout = started(fleet, work, failure_limit=100)
    member.remote.force(state)
    item = step(rollout, member)
    assert (item.status, said in item.last_error) == (RolloutItemStatus.FAILED, True)
    assert item.blocked_kind == kind
    assert fleet.calls("POST", "/actions/import") == 0


@pytest.mark.parametrize("state", ["DB_UNAVAILABLE", "SYSTEM_ERROR"])
@pytest.mark.parametrize("of", [{}, {"object_name": "Account"}], ids=["connection", "mapping"])
def test_a_trouble_that_passes_is_restarted_and_fails_no_tenant(
    fleet: Fleet, work: Work, state: str, of: dict[str, str]
) -> None:
    member = fleet.add()
    fleet.running.behave(bulk_load_seconds=60)
    rollout = started(fleet, work)
    step(rollout, member)
    assert step(rollout, member).waiting_for == "Heroku Connect to load Account"
    member.remote.force(state, **of)
    item = step(rollout, member)
    assert (item.status, state in item.last_error) == (RolloutItemStatus.WORKING, True)
    assert fleet.calls("POST", "/actions/restart") == 1
    assert work(rollout).status == RolloutStatus.DONE
    assert fleet.calls("POST", "/actions/import") == 1


def test_one_that_stays_is_restarted_five_times_in_all_and_then_fails(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(fleet, work, failure_limit=100)
    member.remote.force("DB_UNAVAILABLE")
    fault(fleet, "POST", "/actions/restart", status=202, times=100)  # a restart changes nothing
    ten_minutes_ago = F("restarted_at") - timedelta(minutes=10)
    for _ in range(retry.MAX_ATTEMPTS - 1):
        assert step(rollout, member).status == RolloutItemStatus.WORKING
        Connection.objects.update(restarted_at=ten_minutes_ago)
    item = step(rollout, member)
    assert (item.status, "Postgres cannot be reached" in item.last_error) == (
        RolloutItemStatus.FAILED,
        True,
    )
    assert fleet.calls("POST", "/actions/restart") == 5


def test_a_field_that_vanished_after_the_check_is_reported(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fleet.remove_field(member, "Account", "Segment__c")
    work(rollout)
    said = rollout.items.get().last_error
    assert "Account (BAD_CONFIG): “Account has no such field: Segment__c.”" in said
    assert "Compare the mapping with the org" in said
    assert said.count("Segment__c") == 1  # its diagnosis and its notification say the same
    assert member.now().mappings.get(object_name="Account").description.endswith("Segment__c")
    assert member.now().template == fleet.first


@pytest.mark.parametrize(
    ("prune", "left"),
    [
        (Prune.KEEP, {"Account", "Contact", "Tweet__c"}),
        (Prune.REMOVED, {"Account", "Tweet__c"}),
        (Prune.ALL, {"Account"}),
    ],
)
def test_mappings_are_deleted_only_when_that_was_asked(
    fleet: Fleet, work: Work, prune: Prune, left: set[str]
) -> None:
    member = fleet.add()
    fleets.map_more(fleet, member, "Tweet__c")
    work(started(fleet, work, prune=prune))
    assert set(fleet.mapped(member)) == left


def test_an_outage_uses_up_no_patience_of_a_tenant(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    fleet.running.behave(bulk_load_seconds=10**6)
    rollout = started(fleet, work)
    step(rollout, member)
    pass_time(fleet, 60)
    waiting = step(rollout, member)
    assert waiting.waiting_for.startswith("Heroku Connect to load")
    pass_time(fleet, 20 * 3600)
    fault(fleet, "GET", "/connections/", status=429, headers={"Retry-After": "120"})
    assert step(rollout, member).last_error
    pass_time(fleet, 20 * 3600)
    assert step(rollout, member).status == RolloutItemStatus.WORKING
    pass_time(fleet, 25 * 3600)
    item = step(rollout, member)
    assert (item.status, "without any change" in item.last_error) == (
        RolloutItemStatus.FAILED,
        True,
    )
