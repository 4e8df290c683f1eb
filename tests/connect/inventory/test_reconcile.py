"""Reconciling against the emulator: what a restored backup does not know, and staff's presses."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from connect import addons, tasks
from connect.clients import heroku
from connect.clients.accounts import OWN, App
from connect.inventory import compare
from connect.inventory.act import perform
from connect.inventory.adopt import ADOPT
from connect.inventory.delete import DELETE
from connect.models import Connection, Discrepancy, DiscrepancyKind, HostApp, Reconciliation, Stage
from connect.operations import base
from connect.operations.base import OperationOutcome
from connect.runner import lease
from tenants.models import Event, Message, Proof, Tenant
from tests import cast
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
DONE, SKIPPED, FAILED = OperationOutcome.DONE, OperationOutcome.SKIPPED, OperationOutcome.FAILED
APP, PLAN = App("multiconnect-test"), "herokuconnect:demo"
AS_NEW: dict[str, Any] = {
    "stage": Stage.WAITING_FOR_PROOF,
    "organization_id": "",
    "addon_name": "",
    "addon_id": "",
    "addon_requested_at": None,
    "connection_id": "",
    "region_url": "",
    "schema_name": "",
    "schema_requested_at": None,
    "live_at": None,
    "template": None,
}


def order(name: str, attachment: str = "HC_SECOND") -> heroku.Addon:
    return heroku.create_addon(APP, PLAN, name, attachment)


def found() -> Discrepancy:
    return compare.open_discrepancies().get()


def press(act: Any, row: Discrepancy, **given: str) -> tuple[OperationOutcome, str]:
    report = perform(act, row.pk, "mia", given)
    row.refresh_from_db()
    return report.outcome, report.reason


def test_a_host_app_that_nobody_has_made_yet_is_not_compared(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    HostApp.objects.create(name="isv-connect-2")
    assert compare.compare("mia").error == ""
    assert (compare.compare_due(), compare.compare_due()) == (0, 0)


def test_a_host_app_that_is_not_ready_any_more_is_compared_for_its_addons(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    HostApp.objects.update(ready_at=None)
    assert compare.compare("mia").addons == 1


def test_a_fleet_in_order_has_no_difference_and_costs_two_calls(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    journey.running.clear_calls()
    run = compare.compare("mia")
    assert (run.addons, run.found, run.error) == (1, 0, "")
    assert [each["status"] for each in journey.running.calls()] == [200, 200]


def test_after_a_restore_an_add_on_without_a_row_is_found_adopted_and_live_again(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    Connection.objects.update(**AS_NEW)  # the backup is older than the order
    Tenant.objects.update(proof=Proof.NONE, proven_at=None)
    compare.compare("mia")
    assert found().kind == DiscrepancyKind.ORPHAN
    assert "It costs money" in found().text
    row = found()
    assert press(ADOPT, row) == (DONE, "")
    assert row.ended_at
    assert "By mia." in row.outcome
    journey.connection.refresh_from_db()
    journey.reach(Stage.LIVE)
    assert len(journey.running.addons()) == 1
    assert Event.objects.filter(text__startswith="Adopt hc-", actor="mia").count() == 1
    assert compare.compare("mia").found == 0


def test_a_row_whose_lease_is_in_the_backup_is_said_to_be_busy_and_adopted_later(
    journey: Journey, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(base, "LEASE_PATIENCE", 0.3)
    journey.reach(Stage.LIVE)
    Connection.objects.update(**AS_NEW, next_attempt_at=timezone.now())
    held = lease.take(journey.connection.pk)
    with pytest.raises(CommandError, match="1 are left"):
        call_command("reconcile", "--adopt")
    assert "skipped. The portal is working on this connection. Try again in a minute." in (
        capsys.readouterr().out
    )
    assert held is not None
    held.release_uncounted()
    call_command("reconcile", "--adopt")
    assert "the portal goes on with it" in capsys.readouterr().out
    assert not compare.open_discrepancies().exists()


def test_an_add_on_of_an_org_that_the_backup_does_not_know_is_adopted_with_a_name(
    emulator: Any,
) -> None:
    order(addons.name_for(cast.DUNE["org_id"], 1))
    compare.compare("mia")
    row = found()
    outcome, reason = press(ADOPT, row)
    assert (outcome, "its org is not a tenant" in reason) == (SKIPPED, True)
    assert press(ADOPT, row, name="Dune", admin_email="it@dune.example") == (DONE, "")
    tenant = Tenant.objects.get()
    assert (tenant.org_id, tenant.proof, tenant.name) == (cast.DUNE["org_id"], "staff", "Dune")
    connection = Connection.objects.get()
    assert connection.addon_name == row.addon_name
    assert (connection.stage, connection.generation) == (Stage.CREATING_ADDON, 1)


def test_the_next_generation_is_adopted_where_the_backup_knows_the_former_one(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    heroku.delete_addon(APP, journey.connection.addon_name)
    order(addons.name_for(journey.org_id, 2))
    compare.compare("mia")
    kinds = set(Discrepancy.objects.values_list("kind", flat=True))
    assert kinds == {DiscrepancyKind.ORPHAN, DiscrepancyKind.MISSING}
    orphan = Discrepancy.objects.get(kind=DiscrepancyKind.ORPHAN)
    assert press(ADOPT, orphan) == (DONE, "")
    journey.connection.refresh_from_db()
    assert journey.connection.generation == 2
    journey.reach(Stage.LIVE)
    assert not compare.open_discrepancies().exists()
    assert compare.compare("mia").found == 0


def test_a_second_add_on_of_a_tenant_is_not_adopted_but_deleted(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    order(addons.name_for(journey.org_id, 2))
    compare.compare("mia")
    row = found()
    assert row.kind == DiscrepancyKind.DOUBLED
    assert press(ADOPT, row)[0] == SKIPPED
    assert press(DELETE, row) == (DONE, "")
    [left] = journey.running.addons()
    assert left["name"] == journey.connection.addon_name
    assert compare.compare("mia").found == 0


def test_an_add_on_that_a_row_uses_by_now_is_never_deleted(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    facts = Connection.objects.values("addon_name", "addon_id", "addon_requested_at").get()
    Connection.objects.update(addon_name="", addon_id="", addon_requested_at=None)
    compare.compare("mia")
    row = found()
    # The row has not ordered yet, but will look for this name.
    outcome, reason = press(DELETE, row)
    assert (outcome, "uses it, or will" in reason) == (SKIPPED, True)
    Connection.objects.update(**facts)
    assert press(DELETE, row)[0] == SKIPPED
    assert len(journey.running.addons()) == 1


def test_an_add_on_that_got_the_name_of_a_used_one_meanwhile_is_not_deleted(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    order("strange-1")
    compare.compare("mia")
    # Renamed at Heroku since then: our row now points to it by its name.
    Connection.objects.update(addon_id="another", addon_name="renamed-1")
    heroku.call(
        OWN,
        "PATCH",
        f"/apps/{APP.name}/addons/strange-1",
        document={"plan": PLAN, "name": "renamed-1"},
    )
    assert press(DELETE, found())[0] == SKIPPED
    assert len(journey.running.addons()) == 2


def test_an_add_on_that_has_gone_ends_its_difference(emulator: Any) -> None:
    order("strange-1")
    compare.compare("mia")
    heroku.delete_addon(APP, "strange-1")
    row = found()
    assert press(DELETE, row) == (SKIPPED, "it has gone from Heroku")
    assert row.ended_at is not None


def test_a_refusal_of_heroku_is_a_failure_and_leaves_the_difference(emulator: Any) -> None:
    order("strange-1")
    compare.compare("mia")
    emulator.fail("heroku", method="DELETE", status=403, body={"message": "No."}, times=1)
    row = found()
    assert press(DELETE, row)[0] == FAILED
    assert row.ended_at is None
    assert press(DELETE, row) == (DONE, "")


def test_a_renamed_add_on_is_known_again(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    path = f"/apps/{APP.name}/addons/{journey.connection.addon_name}"
    heroku.call(OWN, "PATCH", path, document={"plan": PLAN, "name": "renamed-1"})
    compare.compare("mia")
    row = found()
    assert row.kind == DiscrepancyKind.CHANGED
    assert press(ADOPT, row) == (DONE, "")
    journey.connection.refresh_from_db()
    assert journey.connection.addon_name == "renamed-1"
    assert compare.compare("mia").found == 0


def test_a_connection_without_its_add_on_is_missing_and_cannot_be_adopted(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    heroku.delete_addon(APP, journey.connection.addon_name)
    compare.compare("mia")
    row = found()
    assert row.kind == DiscrepancyKind.MISSING
    assert press(ADOPT, row)[0] == press(DELETE, row)[0] == SKIPPED
    # What staff press at the tenant ends it for them at once.
    Connection.objects.update(stage=Stage.OFFBOARDING)
    assert not compare.open_discrepancies().exists()


def test_staff_get_one_mail_for_what_is_new_and_none_for_what_is_known(emulator: Any) -> None:
    order("strange-1")
    for _ in range(3):
        compare.compare("portal")
    [mail] = Message.objects.all()
    assert "strange-1" in mail.text


def test_a_comparison_that_fails_changes_nothing_and_is_made_again(
    emulator: Any, settings: Any
) -> None:
    order("strange-1")
    compare.compare("portal")
    emulator.fail("heroku", path="/addons", status=403, body={"message": "No."})
    assert "No." in compare.compare("mia").error
    assert found().addon_name == "strange-1"
    HostApp.objects.update(compared_at=None)
    assert tasks.reconcile() == 1
    emulator.clear_faults()
    assert [tasks.reconcile(), tasks.reconcile()] == [1, 0]
    HostApp.objects.update(compared_at=timezone.now() - compare.EVERY)
    assert tasks.reconcile() == 1


def test_a_list_of_many_pages_is_read_to_its_end(emulator: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(heroku, "FIRST_PAGE", "id ..; max=2")
    for number in range(5):
        order(f"strange-{number}", f"HC_{number}")
    # With the app's Postgres.
    assert len(heroku.list_addons(APP)) == 6


def test_what_ended_long_ago_is_deleted(emulator: Any) -> None:
    order("strange-1")
    compare.compare("mia")
    old = timezone.now() - compare.KEEP
    Reconciliation.objects.update(began_at=old)
    Discrepancy.objects.update(ended_at=old)
    assert compare.prune(timezone.now()) == 2
