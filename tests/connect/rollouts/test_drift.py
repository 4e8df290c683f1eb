"""Tenants that drifted from their version: found, accepted, brought back."""

import pytest
from django.utils import timezone

from connect import tasks
from connect.mappings import drift
from connect.mappings.drift import DriftRefused
from connect.models import Connection, Drift, DriftState, Rollout, RolloutStatus
from connect.rollouts import restore
from tenants.models import Event
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet, Member
from tests.connect.rollouts.conftest import Work

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(fleet: Fleet) -> Member:
    return fleet.add(cast.ACME)


def drift_away(fleet: Fleet, member: Member, *fields: str) -> Drift:
    """Let somebody change the tenant's mappings by hand, and compare."""
    fleets.map_more(fleet, member, "Account", *fields)
    return drift.compare(member.now())


def test_each_tenant_is_compared_once_a_day(fleet: Fleet, member: Member) -> None:
    fleet.add()
    assert tasks.compare_drift() == 2
    assert tasks.compare_drift() == 0
    # One export each, and a describe of each mapped object.
    assert fleet.calls("GET", "/actions/export") == 2
    assert fleet.calls("GET", "/schemas/") == fleet.calls() - 2 == 4
    assert set(Drift.objects.values_list("state", flat=True)) == {DriftState.SAME}
    Drift.objects.filter(connection=member.connection).update(
        checked_at=timezone.now() - drift.INTERVAL
    )
    assert tasks.compare_drift() == 1


def test_a_manual_change_is_found_and_noted_once(fleet: Fleet, member: Member) -> None:
    for _ in range(2):
        found = drift_away(fleet, member, "Phone", "Website")
        assert found.state == DriftState.DRIFTED
    (change,) = found.changes
    assert (change["kind"], change["name"]) == ("field_removed", "Website")
    noted = Event.objects.filter(text__contains="drifted").values_list("text", flat=True)
    assert list(noted) == ["The live mappings have drifted from Version 1: 1 difference."]


def test_an_exception_stays_accepted_until_it_differs_in_another_way(
    fleet: Fleet, member: Member
) -> None:
    found = drift_away(fleet, member, "Phone", "Website")
    accepted = drift.accept(found.pk, found.fingerprint, "mia", "Acme pays for it.")
    assert (accepted.state, accepted.accepted_by) == (DriftState.ACCEPTED, "mia")
    assert "Acme pays for it." in Event.objects.latest("pk").text
    assert drift.compare(member.now()).state == DriftState.ACCEPTED
    assert drift_away(fleet, member, "Phone", "Website", "Industry").state == DriftState.DRIFTED


def test_only_what_the_person_saw_is_accepted(fleet: Fleet, member: Member) -> None:
    seen = drift_away(fleet, member, "Phone", "Website").fingerprint
    found = drift_away(fleet, member, "Phone", "Industry")
    with pytest.raises(DriftRefused, match="reload the page"):
        drift.accept(found.pk, seen, "mia", "Fine.")
    Drift.objects.update(state=DriftState.SAME)
    with pytest.raises(DriftRefused, match="not drifted"):
        drift.accept(found.pk, found.fingerprint, "mia", "Fine.")


def test_one_click_restores_a_tenants_version(fleet: Fleet, member: Member, work: Work) -> None:
    fleets.map_more(fleet, member, "Tweet__c")
    found = drift_away(fleet, member, "Phone", "Website")
    rollout = work(restore.bring_back([found.pk], "olga"))
    assert rollout.status == RolloutStatus.DONE
    assert set(fleet.mapped(member)) == {"Account", "Contact"}
    assert fleet.mapped(member)["Account"] == {*fleets.SYSTEM, "Phone"}
    found.refresh_from_db()
    assert (found.state, found.changes) == (DriftState.SAME, [])


def test_what_has_not_drifted_is_not_brought_back(fleet: Fleet, member: Member) -> None:
    found = drift.compare(member.now())
    with pytest.raises(DriftRefused):
        restore.bring_back([found.pk], "olga")
    assert not Rollout.objects.exists()


def test_an_unreachable_tenant_keeps_its_state_and_does_not_stop_others(
    fleet: Fleet, member: Member
) -> None:
    fleet.add()
    fleet.running.fail("region", path=member.remote.id, status=404)
    assert tasks.compare_drift() == 2
    broken = Drift.objects.get(connection=member.connection)
    assert broken.state == DriftState.UNKNOWN
    assert "404" in broken.error
    assert Drift.objects.filter(state=DriftState.SAME).count() == 1


def test_a_tenant_without_a_version_cannot_be_compared(fleet: Fleet, member: Member) -> None:
    Connection.objects.update(template=None)
    assert drift.compare(member.now()).error == "It has no mapping version."
