"""A change in a tenant's org is seen before it breaks, and followed for one tenant or for all."""

from typing import Any

import pytest
from django.db import connections

from connect.mappings import drift
from connect.models import Drift, DriftState
from connect.operations import base, following, mapping
from connect.operations.base import OperationOutcome, Report
from connect.rollouts import restore
from tenants.models import Event
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet, Member
from tests.connect.rollouts.conftest import Work

pytestmark = pytest.mark.django_db
INDEXED = fleets.document(
    Account=fleets.config("Segment__c", "Phone", indexes={"Segment__c": {"unique": False}}),
    Contact=fleets.config("Email"),
)


@pytest.fixture
def fleet(db: None, emulator: Any) -> Fleet:
    return Fleet(emulator, fleets.version(INDEXED))


@pytest.fixture
def member(fleet: Fleet) -> Member:
    made = fleet.add(cast.ACME)
    assert drift.compare(made.now()).state == DriftState.SAME
    return made


def column_type(member: Member) -> str:
    """Return the type of Account's column segment__c; "" if there is none."""
    query = (
        "SELECT data_type FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'account' AND column_name = 'segment__c'"
    )
    with connections["default"].cursor() as cursor:
        cursor.execute(query, [member.connection.schema_name])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def operate(name: str, member: Member, **options: Any) -> Report:
    operation = {**following.OPERATIONS, "correct": following.CORRECT}[name]
    return base.perform(operation, member.connection.pk, "mia", options)


def test_a_removed_field_is_seen_and_noted_before_the_mapping_breaks(
    fleet: Fleet, member: Member
) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    found = drift.compare(member.now())
    assert (found.state, found.changes) == (DriftState.DRIFTED, [])
    (gone,) = drift.faults(found)
    assert str(gone) == "Account.Segment__c is gone."
    noted = Event.objects.latest("pk").text
    assert noted == "The org has changed what is mapped: Account.Segment__c is gone."
    drift.compare(member.now())
    assert Event.objects.latest("pk").text == noted


def test_a_retyped_field_stays_listed_until_it_is_accepted(fleet: Fleet, member: Member) -> None:
    fleet.add_field(member, "Account", {"name": "Segment__c", "type": "double", "length": 0})
    for _ in range(2):
        found = drift.compare(member.now())
        assert [each.kind for each in drift.faults(found)] == ["retyped"]
    accepted = drift.accept(found.pk, found.fingerprint, "mia", "Nobody reads it.")
    assert accepted.state == DriftState.ACCEPTED
    assert drift.compare(member.now()).state == DriftState.ACCEPTED


def test_a_new_field_of_interest_is_listed_and_is_no_drift(fleet: Fleet, member: Member) -> None:
    key = {"name": "Number__c", "type": "string", "external_id": True}
    fleet.add_field(member, "Account", key)
    found = drift.compare(member.now())
    assert (found.state, len(found.org_changes)) == (DriftState.SAME, 1)


def test_compare_now_says_what_it_found(fleet: Fleet, member: Member) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    report = operate("compare", member)
    assert report.text == "Compare now: 0 differences from its version, 1 change in the org."
    fleet.running.fail("region", path="/actions/export", status=404)
    assert operate("compare", member).outcome == OperationOutcome.FAILED


def test_one_tenants_mappings_are_corrected_and_accepted_as_an_exception(
    fleet: Fleet, member: Member
) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    found = drift.compare(member.now())
    report = operate("correct", member, fingerprint=found.fingerprint, reason="Theirs is gone.")
    assert report.text == "Correct for this tenant: Account changed for this tenant alone."
    assert fleet.mapped(member)["Account"] == {*fleets.SYSTEM, "Phone"}
    seen = member.remote.seen["mappings"]
    assert {each["state"] for each in seen} == {"DATA_SYNCED"}
    after = Drift.objects.get()
    assert (after.state, after.reason) == (DriftState.ACCEPTED, "Theirs is gone.")
    assert drift.faults(after) == []


def test_a_correction_that_cannot_be_compared_is_not_accepted_and_can_be_pressed_again(
    fleet: Fleet, member: Member
) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    found = drift.compare(member.now())
    press = {"fingerprint": found.fingerprint, "reason": "Theirs is gone."}
    fleet.running.fail("region", path="/actions/export", status=404)
    report = operate("correct", member, **press)
    assert (report.outcome, Drift.objects.get().state) == (
        OperationOutcome.FAILED,
        DriftState.DRIFTED,
    )
    assert "Account changed" in report.reason
    fleet.running.clear_faults()
    assert operate("correct", member, **press).outcome == OperationOutcome.DONE
    assert drift.compare(member.now()).state == DriftState.ACCEPTED


class Killed(BaseException):
    """The worker dies here."""


def test_a_worker_that_dies_between_correcting_and_accepting_costs_nothing(
    fleet: Fleet, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    found = drift.compare(member.now())
    press = {"fingerprint": found.fingerprint, "reason": "Theirs is gone."}

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(drift, "accept", die)
        with pytest.raises(Killed):
            operate("correct", member, **press)
    assert operate("correct", member, **press).outcome == OperationOutcome.DONE
    assert Drift.objects.get().state == DriftState.ACCEPTED


def test_an_edit_whose_answer_was_lost_is_done_by_the_next_press(
    fleet: Fleet, member: Member
) -> None:
    account = member.now().mappings.get(object_name="Account")
    fields: dict[str, Any] = {name: {} for name in account.config["fields"] if name != "Phone"}
    press = {
        "object_name": "Account",
        "revision": account.config["revision"],
        "config": {"fields": fields},
    }
    edit = mapping.REGISTRY["edit"]
    fleet.running.fail("region", method="PUT", drop="after", times=1)
    assert base.perform(edit, member.connection.pk, "mia", press).outcome == OperationOutcome.FAILED
    assert base.perform(edit, member.connection.pk, "mia", press).outcome == OperationOutcome.DONE
    assert "Phone" not in fleet.mapped(member)["Account"]
    assert Drift.objects.get().state == DriftState.DRIFTED  # it differs from its version now


def test_a_retyped_field_is_taken_out_and_brought_back_with_its_new_type(
    fleet: Fleet, member: Member, work: Work
) -> None:
    assert column_type(member) == "character varying"
    fleet.add_field(member, "Account", {"name": "Segment__c", "type": "double", "length": 0})
    found = drift.compare(member.now())
    operate("correct", member, fingerprint=found.fingerprint, reason="It is a number now.")
    assert column_type(member) == ""
    work(restore.bring_back([found.pk], "mia"))
    assert column_type(member) == "double precision"
    assert "Segment__c" in fleet.mapped(member)["Account"]
    assert drift.compare(member.now()).state == DriftState.SAME


def test_a_correction_of_what_the_person_did_not_see_is_not_made(
    fleet: Fleet, member: Member
) -> None:
    fleet.remove_field(member, "Account", "Segment__c")
    drift.compare(member.now())
    report = operate("correct", member, fingerprint="another", reason="Fine.")
    assert (report.outcome, fleet.calls("PUT")) == (OperationOutcome.SKIPPED, 0)
    assert "reload the page" in report.reason


def test_there_is_nothing_to_correct_where_nothing_has_changed(member: Member) -> None:
    report = operate("correct", member, fingerprint="", reason="Fine.")
    assert report.reason == "nothing in its org asks for other mappings"
