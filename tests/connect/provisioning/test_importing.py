"""Before the first import the org is asked what it has, and the answer is kept."""

import pytest

from connect.mappings import asking, drift, org_changes
from connect.mappings.org_changes import OrgChangeKind
from connect.models import BlockedKind, Drift, DriftState, Stage
from connect.operations.connection import operate
from tenants.models import Tenant
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
IMPORT = "/actions/import"
FIELD = {"name": "Twitter__c", "type": "string", "length": 80}


def fields(journey: Journey) -> str:
    return f"orgs/{journey.org_id}/fields/Account"


def until_blocked(journey: Journey) -> str:
    journey.do_the_admins_part()
    while not journey.connection.blocked_at:
        journey.advance()
    assert journey.connection.stage == Stage.IMPORTING_MAPPINGS
    assert journey.connection.blocked_kind == BlockedKind.MAPPINGS_REFUSED
    return journey.connection.blocked_reason


def test_nothing_is_sent_that_the_org_does_not_have(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.running.control("DELETE", f"{fields(journey)}/Twitter__c")
    reason = until_blocked(journey)
    assert "Account.Twitter__c: The org does not have this field." in reason
    assert "Account.Name" not in reason
    assert journey.calls("POST", IMPORT) == 0
    journey.running.control("POST", fields(journey), FIELD)
    operate("retry", journey.connection.pk, "olga", {})
    journey.connection.refresh_from_db()
    journey.reach(Stage.LIVE)
    assert journey.calls("POST", IMPORT) == 1


def test_an_object_that_is_missing_is_named(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.running.control("POST", f"orgs/{journey.org_id}/uninstall")
    reason = until_blocked(journey)
    assert "Tweet__c: The org does not have this object" in reason


def test_an_answer_that_cannot_be_had_does_not_hold_up_the_tenant(journey: Journey) -> None:
    # The package names its version, so nothing else has to be asked.
    Tenant.objects.update(package_version="1.0")
    journey.running.fail("region", path="/schemas/", status=400)
    journey.reach(Stage.LIVE)
    assert Drift.objects.get().described == {}


def test_an_answer_that_is_late_is_waited_for(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.do_the_admins_part()
    journey.running.fail("region", path="/schemas/", status=503)
    while not journey.connection.last_error:
        journey.advance()
    assert "503" in journey.connection.last_error
    assert journey.calls("POST", IMPORT) == 0
    journey.running.clear_faults()
    journey.reach(Stage.LIVE)


def test_the_first_comparison_sees_what_has_changed_since_the_import(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    journey.running.control("DELETE", f"{fields(journey)}/Twitter__c")
    journey.running.control("POST", fields(journey), {**FIELD, "type": "double"})
    row = drift.compare(journey.connection)
    (change,) = org_changes.from_json(row.org_changes)
    assert (change.kind, change.field) == (OrgChangeKind.RETYPED, "Twitter__c")


def test_an_org_that_describes_itself_slowly_does_not_hold_up_the_tenant(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_SECONDS", 0.2)
    journey.running.fail("region", path="/schemas/", delay=0.3)
    journey.reach(Stage.LIVE)
    assert list(Drift.objects.get().described) == ["account"]


def test_a_comparison_without_the_whole_org_says_so_and_keeps_its_last_result(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey.reach(Stage.LIVE)
    journey.running.control("DELETE", f"{fields(journey)}/Twitter__c")
    before = drift.compare(journey.connection)
    monkeypatch.setattr(asking, "MAX_SECONDS", 0)
    row = drift.compare(journey.connection)
    assert row.error == asking.TOO_SLOW
    # It has had its turn, so that it does not stay the first of all.
    assert row.checked_at
    assert before.checked_at
    assert row.checked_at > before.checked_at
    assert (row.state, row.org_changes) == (DriftState.DRIFTED, before.org_changes)
    assert row.described == before.described
