"""Roll-outs: who comes when, what staff may do; nothing is sent twice or left half-done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect import tasks
from connect.models import (
    ApiBudget,
    Connection,
    Drift,
    DriftState,
    ItemStatus,
    MappingTemplate,
    Prune,
    Rollout,
    RolloutItem,
    RolloutStatus,
    Stage,
    Step,
)
from connect.rollouts import items, lifecycle, waves
from connect.rollouts.lifecycle import NotNow
from connect.runner import lease, retry
from tenants.models import Event, Message, RateBucket, Switch, SwitchName
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet, Member
from tests.connect.rollouts.conftest import Work, pass_time

pytestmark = pytest.mark.django_db


def make(fleet: Fleet, **facts: Any) -> Rollout:
    """Make a roll-out of version 2 to the whole fleet."""
    given = {"canary_size": 0, "wave_size": 50, "author": "mia", **facts}
    template = facts.get("template") or MappingTemplate.objects.get(version=2)
    rollout = Rollout(**{**given, "template": template})
    return lifecycle.create(rollout, Connection.objects.all())


def started(fleet: Fleet, work: Work, **facts: Any) -> Rollout:
    """Make a roll-out, let it be checked and start it."""
    rollout = work(make(fleet, **facts))
    assert rollout.status == RolloutStatus.READY
    return lifecycle.start(rollout.pk, "mia", accept_warnings=True)


def step(rollout: Rollout, member: Member) -> RolloutItem:
    """Let one tenant's work be done once, whenever it would be due."""
    item = RolloutItem.objects.get(rollout=rollout, connection=member.connection)
    RolloutItem.objects.filter(pk=item.pk).update(next_attempt_at=timezone.now())
    items.advance(item.pk)
    item.refresh_from_db()
    return item


def fault(fleet: Fleet, method: str, path: str, **what: Any) -> None:
    fleet.running.fail("region", **{"method": method, "path": path, "times": 1, **what})


# --- sending --------------------------------------------------------------------------------------


def test_a_version_is_checked_sent_once_loaded_and_noted(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = work(make(fleet))
    assert rollout.status == RolloutStatus.READY
    assert fleet.calls("POST") == 0
    lifecycle.start(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.DONE
    assert fleets.items(rollout) == {ItemStatus.DONE: 1}
    assert "Segment__c" in fleet.mapped(member)["Account"]
    assert "Contact" in fleet.mapped(member)
    assert member.now().template == rollout.template
    assert member.now().lease is None
    assert fleet.calls("POST", "/actions/import") == 1
    told = Event.objects.filter(tenant=member.tenant).latest("pk")
    assert (told.actor, "Version 2 is there and loaded" in told.text) == ("mia", True)


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
        assert (item.status, item.sends) == (ItemStatus.WORKING, 1)
    pass_time(fleet, 20)
    assert step(rollout, member).waiting_for == "Heroku Connect to take the mappings"
    pass_time(fleet, 15)
    assert step(rollout, member).status == ItemStatus.DONE
    assert fleet.calls("POST", "/actions/import") == 1


def test_it_is_not_done_before_everything_is_loaded(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    fleet.running.behave(bulk_load_seconds=300)
    rollout = started(fleet, work)
    step(rollout, member)
    item = step(rollout, member)
    assert (item.status, item.waiting_for) == (
        ItemStatus.WORKING,
        "Heroku Connect to load Account",
    )
    pass_time(fleet, 301)
    assert step(rollout, member).status == ItemStatus.DONE


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
    assert (item.status, item.sends) == (ItemStatus.FAILED, 3)
    assert "nothing of it is to be seen" in item.last_error


@pytest.mark.parametrize(
    ("state", "said"),
    [("PAUSED", "resume it"), ("UNAUTHORIZED", "has to authorize again")],
)
def test_a_connection_that_takes_no_import_fails_with_what_to_do(
    fleet: Fleet, work: Work, state: str, said: str
) -> None:
    member = fleet.add()
    rollout = started(fleet, work, failure_limit=100)
    member.remote.force(state)
    item = step(rollout, member)
    assert (item.status, said in item.last_error) == (ItemStatus.FAILED, True)
    assert fleet.calls("POST", "/actions/import") == 0


def test_a_field_that_vanished_after_the_check_is_reported(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fleet.remove_field(member, "Account", "Segment__c")
    work(rollout)
    assert "Account (BAD_CONFIG)" in rollout.items.get().last_error
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


# --- the check ------------------------------------------------------------------------------------


def test_an_org_without_the_field_is_refused_before_anything_is_sent(
    fleet: Fleet, work: Work
) -> None:
    fleet.add()
    lacking = fleet.add(lacks_segment=True)
    rollout = work(make(fleet))
    refused = rollout.items.get(connection=lacking.connection)
    assert refused.findings == [
        {
            "rule": "unknown-field",
            "where": "Account.Segment__c",
            "text": "The org does not have this field.",
            "severity": "error",
        }
    ]
    lifecycle.start(rollout.pk, "mia")
    rollout = work(rollout)
    assert fleets.items(rollout) == {ItemStatus.DONE: 1, ItemStatus.REFUSED: 1}
    assert fleet.calls("POST", f"{lacking.remote.id}/actions") == 0


def test_the_check_tells_what_it_costs(fleet: Fleet, work: Work) -> None:
    fleet.add()
    item = work(make(fleet, prune=Prune.REMOVED)).items.get()
    told = {(each["object_name"], each["kind"]): each["cost"] for each in item.changes}
    assert told[("Account", "field_added")] == "A new column, filled by reading 1 row again."
    assert "may go with it from Postgres" in told[("Contact", "object_removed")]


def test_warnings_have_to_be_accepted(fleet: Fleet, work: Work) -> None:
    writing = fleets.document(Account=fleets.config(access="read_write"))
    fleet.add()
    rollout = work(make(fleet, template=fleets.version(writing)))
    with pytest.raises(NotNow, match="warns of 1 tenant"):
        lifecycle.start(rollout.pk, "mia")
    assert lifecycle.start(rollout.pk, "mia", accept_warnings=True).status == RolloutStatus.RUNNING


def test_a_tenant_that_cannot_be_checked_is_refused_with_the_reason(
    fleet: Fleet, work: Work
) -> None:
    fleet.add()
    fault(fleet, "GET", "/schemas/", status=400, body={"message": "not authenticated"})
    rollout = work(make(fleet))
    assert "not authenticated" in rollout.items.get().findings[0]["text"]
    assert rollout.status == RolloutStatus.DONE


# --- waves ----------------------------------------------------------------------------------------


def test_the_canary_comes_first_and_the_waves_after_it(fleet: Fleet, work: Work) -> None:
    for _ in range(6):
        fleet.add()
    rollout = started(fleet, work, canary_size=1, wave_size=3)
    assert sorted(rollout.items.values_list("wave", flat=True)) == [0, 1, 1, 1, 2, 2]
    begun: list[set[int]] = []
    for _ in range(12):
        work(rollout, times=1)
        waves = rollout.items.exclude(started_at=None).values_list("wave", flat=True)
        begun.append(set(waves))
    assert begun[0] == {0}
    assert {0, 1} in begun
    assert begun[-1] == {0, 1, 2}
    rollout = work(rollout)
    assert fleets.items(rollout) == {ItemStatus.DONE: 6}


def test_it_waits_after_the_canary_for_somebody_to_look(fleet: Fleet, work: Work) -> None:
    fleet.add()
    fleet.add()
    rollout = work(started(fleet, work, canary_size=1, hold_after_canary=True))
    assert rollout.status == RolloutStatus.PAUSED
    assert "look at it" in rollout.pause_reason
    lifecycle.resume(rollout.pk, "mia")
    assert work(rollout).status == RolloutStatus.DONE


def test_it_pauses_itself_when_too_many_fail_and_goes_on_when_told(
    fleet: Fleet, work: Work
) -> None:
    for _ in range(4):
        fleet.add()
    rollout = started(fleet, work, canary_size=2, failure_limit=50, wave_size=2)
    canary = rollout.items.filter(wave=0).values_list("connection__connection_id", flat=True)
    for key in canary:
        fleet.running.control("POST", f"connections/{key}/state", {"state": "SYSTEM_ERROR"})
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.PAUSED
    assert rollout.pause_reason == "2 of 2 tenants of wave 0 failed, more than 50 %."
    assert Message.objects.filter(subject__contains="has paused itself").count() == 1
    assert not rollout.items.filter(wave=1).exclude(status=ItemStatus.READY).exists()
    lifecycle.resume(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.DONE
    assert fleets.items(rollout) == {ItemStatus.DONE: 2, ItemStatus.FAILED: 2}


# --- steering -------------------------------------------------------------------------------------


def test_a_pause_begins_nothing_and_ends_what_was_begun(fleet: Fleet, work: Work) -> None:
    begun, waiting = fleet.add(), fleet.add()
    rollout = started(fleet, work)
    step(rollout, begun)
    lifecycle.pause(rollout.pk, "olga")
    rollout = work(rollout)
    assert rollout.items.get(connection=begun.connection).status == ItemStatus.DONE
    assert rollout.items.get(connection=waiting.connection).status == ItemStatus.READY
    lifecycle.resume(rollout.pk, "mia")
    assert work(rollout).status == RolloutStatus.DONE


def test_cancelling_skips_the_rest_and_leaves_nobody_half_done(fleet: Fleet, work: Work) -> None:
    begun, waiting = fleet.add(), fleet.add()
    rollout = started(fleet, work)
    step(rollout, begun)
    lifecycle.cancel(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.CANCELLED
    assert rollout.items.get(connection=begun.connection).status == ItemStatus.DONE
    assert rollout.items.get(connection=waiting.connection).status == ItemStatus.SKIPPED
    assert waiting.now().template == fleet.first


def test_what_failed_and_what_was_refused_is_tried_again(fleet: Fleet, work: Work) -> None:
    broken, lacking = fleet.add(), fleet.add(lacks_segment=True)
    rollout = started(fleet, work, failure_limit=100)
    broken.remote.force("SYSTEM_ERROR")
    rollout = work(rollout)
    assert fleets.items(rollout) == {ItemStatus.FAILED: 1, ItemStatus.REFUSED: 1}
    broken.remote.force("IDLE")
    fleet.add_field(lacking, "Account", fleets.SEGMENT)
    lifecycle.retry(rollout.pk, "mia")
    rollout = work(rollout)
    assert fleets.items(rollout) == {ItemStatus.DONE: 2}
    with pytest.raises(NotNow, match="Nothing failed"):
        lifecycle.retry(rollout.pk, "mia")


def test_a_roll_back_brings_everybody_to_the_version_they_had(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = work(started(fleet, work, prune=Prune.REMOVED))
    back = lifecycle.roll_back(rollout.pk, "mia")
    back = work(back)
    assert back.status == RolloutStatus.DONE
    assert set(fleet.mapped(member)) == {"Account", "Contact"}
    assert "Segment__c" not in fleet.mapped(member)["Account"]
    assert member.now().template == fleet.first
    assert str(back) == f"Roll-out {back.pk}: back from roll-out {rollout.pk}"


@pytest.mark.parametrize("verb", ["pause", "resume", "retry", "roll_back"])
def test_what_the_state_forbids_is_refused_in_words(fleet: Fleet, work: Work, verb: str) -> None:
    fleet.add()
    rollout = work(make(fleet))
    with pytest.raises(NotNow, match="It is ready to start"):
        getattr(lifecycle, verb)(rollout.pk, "mia")


def test_a_tenant_is_in_one_unfinished_roll_out_at_most(fleet: Fleet) -> None:
    fleet.add()
    make(fleet)
    with pytest.raises(NotNow, match="No tenant"):
        make(fleet)


def test_every_step_of_staff_is_on_the_roll_outs_timeline(fleet: Fleet, work: Work) -> None:
    fleet.add()
    rollout = started(fleet, work)
    lifecycle.pause(rollout.pk, "olga")
    told = rollout.events.order_by("pk").values_list("actor", "text")
    assert list(told) == [
        ("mia", "Made for 1 tenant."),
        ("portal", "Checked: 1 tenant can be sent to, 0 refused."),
        ("mia", "Started."),
        ("olga", "Paused."),
    ]


# --- workers, leases, budgets ---------------------------------------------------------------------


def test_a_tenant_that_somebody_works_on_is_left_alone(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    claim = lease.take(member.connection.pk, due=False)
    assert claim is not None
    assert waves.take_due(timedelta(0)) == []
    assert step(rollout, member).status == ItemStatus.READY
    claim.give_back()
    assert step(rollout, member).status == ItemStatus.WORKING


def test_a_worker_that_lost_its_lease_writes_nothing(
    fleet: Fleet, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)

    def lose(*_: object) -> None:
        Connection.objects.update(lease=None, lease_expires_at=None)

    monkeypatch.setattr("connect.clients.heroku_connect.import_mappings", lose)
    item = step(rollout, member)
    assert item.attempts == 1  # counted before the work
    assert item.waiting_for == ""


def test_work_that_always_dies_is_given_up(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    rollout.items.update(attempts=retry.GIVE_UP_AFTER, last_error="")
    item = step(rollout, member)
    assert (item.status, item.last_error) == (ItemStatus.FAILED, "Gave up. The work died.")


def test_a_tenant_that_is_off_boarded_meanwhile_fails_alone(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    Connection.objects.update(stage=Stage.OFFBOARDING)
    item = step(rollout, member)
    assert (item.status, item.last_error) == (
        ItemStatus.FAILED,
        "It is no longer live: off-boarding.",
    )


def test_a_refused_token_pauses_the_roll_out_and_fails_nobody(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "GET", "/connections/", status=401)
    item = step(rollout, member)
    rollout.refresh_from_db()
    assert (item.status, rollout.status) == (ItemStatus.WORKING, RolloutStatus.PAUSED)
    assert "HEROKU_API_TOKEN" in rollout.pause_reason


def test_nothing_moves_while_calls_are_short_or_provisioning_is_off(
    fleet: Fleet, settings: Settings
) -> None:
    fleet.add()
    make(fleet)
    budget = ApiBudget.objects.create(peer="heroku", remaining=10)
    assert waves.take_due(timedelta(0)) == []
    budget.delete()
    switch = Switch.objects.create(name=SwitchName.PROVISIONING, on=False)
    assert waves.take_due(timedelta(0)) == []
    switch.delete()
    settings.MAPPING_CALLS_PER_HOUR = 1
    assert waves.take_due(timedelta(0)) == []
    settings.MAPPING_CALLS_PER_HOUR = 4500
    RateBucket.objects.all().delete()
    assert len(waves.take_due(timedelta(0))) == 1


def test_the_sweep_queues_what_is_due_once(fleet: Fleet) -> None:
    fleet.add()
    make(fleet)
    assert tasks.sweep() == 1
    assert tasks.sweep() == 0
    tasks.advance_item(RolloutItem.objects.get().pk)
    assert RolloutItem.objects.get().status == ItemStatus.READY


def test_a_retry_after_is_obeyed(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "GET", "/connections/", status=429, headers={"Retry-After": "120"})
    item = step(rollout, member)
    assert item.next_attempt_at - timezone.now() > timedelta(seconds=100)
    assert item.step == Step.SEND


# --- pure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "remaining", "left"),
    [([], 5, None), ([0], 5, None), ([0, 10, 20], 5, 50), ([20, 0, 10], 1, 10), ([0, 1], 0, 0)],
)
def test_the_time_left_is_reckoned_from_the_pace(
    seconds: list[int], remaining: int, left: int | None
) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    finished = [noon + timedelta(seconds=each) for each in seconds]
    expected = None if left is None else timedelta(seconds=left)
    assert waves.time_left(finished, remaining) == expected


def test_an_accepted_exception_is_warned_of(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    Drift.objects.create(
        connection=member.connection, state=DriftState.ACCEPTED, reason="their own field"
    )
    (finding,) = work(make(fleet)).items.get().findings
    assert (finding["rule"], finding["severity"]) == ("exception", "warning")
