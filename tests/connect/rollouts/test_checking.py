"""The check before a roll-out: what is refused, warned of and estimated."""

import pytest

from connect.mappings import asking
from connect.models import (
    Drift,
    DriftState,
    Prune,
    RolloutItemStatus,
    RolloutStatus,
)
from connect.rollouts import lifecycle
from connect.rollouts.status import TransitionRefused
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import fault, make

pytestmark = pytest.mark.django_db


def test_an_org_without_the_field_is_refused_before_anything_is_sent(
    fleet: Fleet, work: Work
) -> None:
    fleet.add()
    lacking = fleet.add(lacks_segment=True)
    rollout = work(make(fleet))
    refused = rollout.items.get(connection=lacking.connection)
    (found,) = refused.findings
    assert (
        found
        | {
            "rule": "unknown-field",
            "where": "Account.Segment__c",
            "object": "Account",
            "field": "Segment__c",
            "text": "The org does not have this field.",
            "severity": "error",
        }
        == found
    )
    assert found["consequence"].startswith("The mapping ends in BAD_CONFIG")
    assert found["advice"].startswith("Check the name")
    lifecycle.start(rollout.pk, "mia")
    rollout = work(rollout)
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 1, RolloutItemStatus.REFUSED: 1}
    assert fleet.calls("POST", f"{lacking.remote.id}/actions") == 0


def test_the_check_shows_the_cost(fleet: Fleet, work: Work) -> None:
    fleet.add()
    item = work(make(fleet, prune=Prune.REMOVED)).items.get()
    noted = {(each["object_name"], each["kind"]): each["cost"] for each in item.changes}
    assert noted[("Account", "field_added")] == "A new column is filled by reading 1 row again."
    assert "Postgres may then lose its table" in noted[("Contact", "object_removed")]


def test_warnings_have_to_be_accepted(fleet: Fleet, work: Work) -> None:
    writing = fleets.document(Account=fleets.config(access="read_write"))
    fleet.add()
    rollout = work(make(fleet, template=fleets.version(writing)))
    with pytest.raises(TransitionRefused, match="warns of 1 tenant"):
        lifecycle.start(rollout.pk, "mia")
    assert lifecycle.start(rollout.pk, "mia", accept_warnings=True).status == RolloutStatus.RUNNING


def test_a_tenant_that_cannot_be_checked_is_refused_with_the_reason(
    fleet: Fleet, work: Work
) -> None:
    fleet.add()
    fault(fleet, "GET", "/schemas/", status=400, body={"message": "not authenticated"})
    rollout = work(make(fleet))
    assert "not authenticated" in rollout.items.get().findings[0]["text"]
    assert rollout.status == RolloutStatus.REFUSED


def test_objects_that_are_described_too_slowly_are_warned_of(
    fleet: Fleet, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add()
    monkeypatch.setattr(asking, "MAX_SECONDS", 0)
    rollout = work(make(fleet))
    (finding,) = rollout.items.get().findings
    assert (finding["rule"], finding["severity"]) == ("unchecked", "warning")
    assert finding["text"] == f"{asking.TOO_SLOW} Not asked: Account."
    assert rollout.status == RolloutStatus.READY


def test_an_accepted_exception_is_warned_of(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    Drift.objects.create(
        connection=member.connection, state=DriftState.ACCEPTED, reason="their own field"
    )
    (finding,) = work(make(fleet)).items.get().findings
    assert (finding["rule"], finding["severity"]) == ("exception", "warning")
