"""What staff may do to a roll-out."""

import pytest

from connect.models import (
    Connection,
    Prune,
    RolloutItemStatus,
    RolloutStatus,
)
from connect.rollouts import lifecycle
from connect.rollouts.status import TransitionRefused
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import make, started, step

pytestmark = pytest.mark.django_db


def test_a_paused_rollout_finishes_started_tenants_and_starts_no_others(
    fleet: Fleet, work: Work
) -> None:
    begun, waiting = fleet.add(), fleet.add()
    rollout = started(fleet, work)
    step(rollout, begun)
    lifecycle.pause(rollout.pk, "olga")
    rollout = work(rollout)
    assert rollout.items.get(connection=begun.connection).status == RolloutItemStatus.DONE
    assert rollout.items.get(connection=waiting.connection).status == RolloutItemStatus.READY
    lifecycle.resume(rollout.pk, "mia")
    assert work(rollout).status == RolloutStatus.DONE


def test_cancelling_skips_waiting_tenants_and_finishes_started_ones(
    fleet: Fleet, work: Work
) -> None:
    begun, waiting = fleet.add(), fleet.add()
    rollout = started(fleet, work)
    step(rollout, begun)
    lifecycle.cancel(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.CANCELLED
    assert rollout.items.get(connection=begun.connection).status == RolloutItemStatus.DONE
    assert rollout.items.get(connection=waiting.connection).status == RolloutItemStatus.SKIPPED
    assert waiting.now().template == fleet.first


def test_what_failed_and_what_was_refused_is_tried_again(fleet: Fleet, work: Work) -> None:
    broken, lacking = fleet.add(), fleet.add(lacks_segment=True)
    rollout = started(fleet, work, failure_limit=100)
    broken.remote.force("TOO_MANY_ROWS")
    rollout = work(rollout)
    assert fleets.items(rollout) == {RolloutItemStatus.FAILED: 1, RolloutItemStatus.REFUSED: 1}
    broken.remote.force("IDLE")
    fleet.add_field(lacking, "Account", fleets.SEGMENT)
    lifecycle.retry(rollout.pk, "mia")
    rollout = work(rollout)
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 2}
    with pytest.raises(TransitionRefused, match="It is done"):
        lifecycle.retry(rollout.pk, "mia")


def test_what_was_refused_everywhere_is_checked_again_and_not_started(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add(lacks_segment=True)
    rollout = work(make(fleet))
    assert rollout.status == RolloutStatus.REFUSED
    assert rollout.events.first().text == "Ended: 1 refused."  # type: ignore[union-attr]
    with pytest.raises(TransitionRefused, match="It is refused everywhere"):
        lifecycle.roll_back(rollout.pk, "mia")
    fleet.add_field(member, "Account", fleets.SEGMENT)
    lifecycle.retry(rollout.pk, "mia")
    assert work(rollout).status == RolloutStatus.READY


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


def test_a_roll_back_leaves_alone_who_has_another_version_by_now(fleet: Fleet, work: Work) -> None:
    stayed, moved = fleet.add(), fleet.add()
    rollout = work(started(fleet, work))
    third = fleets.version(fleets.FIRST)
    Connection.objects.filter(pk=moved.connection.pk).update(template=third)
    back = work(lifecycle.roll_back(rollout.pk, "mia"))
    assert [item.connection for item in back.items.all()] == [stayed.connection]
    assert stayed.now().template == fleet.first
    assert moved.now().template == third


def test_a_roll_back_is_made_once(fleet: Fleet, work: Work) -> None:
    fleet.add()
    rollout = work(started(fleet, work))
    work(lifecycle.roll_back(rollout.pk, "mia"))
    with pytest.raises(TransitionRefused, match="No tenant"):
        lifecycle.roll_back(rollout.pk, "mia")


@pytest.mark.parametrize("verb", ["pause", "resume", "retry", "roll_back"])
def test_transitions_that_the_status_forbids_are_refused_with_a_reason(
    fleet: Fleet, work: Work, verb: str
) -> None:
    fleet.add()
    rollout = work(make(fleet))
    with pytest.raises(TransitionRefused, match="It is ready to start"):
        getattr(lifecycle, verb)(rollout.pk, "mia")


def test_a_tenant_is_in_one_unfinished_roll_out_at_most(fleet: Fleet) -> None:
    fleet.add()
    make(fleet)
    with pytest.raises(TransitionRefused, match="None of the chosen tenants"):
        make(fleet)


def test_every_step_of_staff_is_on_the_roll_outs_timeline(fleet: Fleet, work: Work) -> None:
    fleet.add()
    rollout = started(fleet, work)
    lifecycle.pause(rollout.pk, "olga")
    noted = rollout.events.order_by("pk").values_list("actor", "text")
    assert list(noted) == [
        ("mia", "Made for 1 tenant."),
        ("portal", "Checked: 1 tenant passed, 0 refused."),
        ("mia", "Started."),
        ("olga", "Paused."),
    ]
