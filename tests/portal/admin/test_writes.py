"""The write errors' pages: from the fleet's causes to the rows, and what may be done to them."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django_q.models import OrmQ

from connect.models import RepairResult, SkipReason, WriteError, WriteRepair
from connect.write_errors import scan, trigger_log
from portal import roles
from portal.models import BulkItem
from tests.connect.write_errors.schemas import live, write
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
LIST = "/admin/connect/writeerror/"
NUMBERS = count(100)  # of log entries


@pytest.fixture
def error() -> WriteError:
    """Three failed writes of one cause, and one of another tenant's."""
    for number, times in ((1, 3), (2, 1)):
        write(live(number), 'BAD_VALUE: "<b>$</b>" is bad', times=times)
    scan.scan_all()
    OrmQ.objects.all().delete()  # the alerts
    found: WriteError = WriteError.objects.order_by("-failed")[0]
    return found


def rows(error: WriteError) -> list[trigger_log.FailedWrite]:
    return trigger_log.rows(error.connection, error.table_name, error.cause)


def queued() -> list[dict[str, object]]:
    """Return what was pressed, each target by itself."""
    return [
        {"action": item.run.action, "actor": item.run.actor, **item.run.options, **item.target}
        for item in BulkItem.objects.select_related("run")
    ]


def test_the_fleets_causes_stand_above_the_list_and_lead_into_it(
    viewer: Client, error: WriteError
) -> None:
    page = viewer.get(LIST).content.decode()
    assert "By cause, over all tenants" in page
    assert '<td class="number" data-label="Writes">4</td>' in page
    narrowed = viewer.get(LIST, {"cause__exact": error.cause})
    assert narrowed.status_code == 200
    assert narrowed.context["cl"].result_count == 2


def test_a_causes_page_shows_its_rows_and_interprets_nothing_in_them(
    viewer: Client, error: WriteError
) -> None:
    page = viewer.get(f"{LIST}{error.pk}/change/").content.decode()
    assert "&lt;b&gt;3&lt;/b&gt;" in page
    assert "<b>3</b>" not in page
    assert "Retry" not in page


@pytest.mark.parametrize("role", roles.permissions())
@pytest.mark.parametrize("action", ["retry", "ignore"])
def test_only_those_whose_role_repairs_may_repair(
    sign_in: SignIn, role: str, action: str, error: WriteError
) -> None:
    may = "connect.repair_writes" in roles.permissions()[role]
    client = sign_in(role)
    url = f"{LIST}{error.pk}/do/{action}/"
    assert client.get(url).status_code == (200 if may else 403)
    answer = client.post(url, {"confirmed": "yes"})
    assert answer.status_code == (302 if may else 403)
    assert OrmQ.objects.count() == int(may)


def test_ticked_rows_alone_are_sent_again_in_the_persons_name(
    operator: Client, error: WriteError
) -> None:
    row = rows(error)[0]
    ticked = {"row": [f"{row.log}:{row.id}", "public:1"]}
    asked = operator.post(f"{LIST}{error.pk}/do/retry/", ticked)
    assert f"{row.log}:{row.id}" in asked.content.decode()
    assert not queued()
    operator.post(f"{LIST}{error.pk}/do/retry/", {**ticked, "confirmed": "yes"})
    (task,) = queued()
    assert (task["action"], task["table_name"], task["cause"]) == ("retry", "account", error.cause)
    assert (task["actor"], task["chosen"]) == ("olga", [[row.log, row.id]])


def test_ignoring_asks_first(operator: Client, error: WriteError) -> None:
    url = f"{LIST}{error.pk}/do/ignore/"
    asked = operator.post(url)
    assert asked.status_code == 200
    assert "will never reach Salesforce" in asked.content.decode()
    assert not queued()


def test_the_list_offers_its_actions(operator: Client, error: WriteError) -> None:
    page = operator.get(LIST).content.decode()
    menu = page.partition('<select name="action"')[2].partition("</select>")[0]
    assert '<option value="retry">Retry</option>' in menu
    assert '<option value="ignore">Ignore</option>' in menu


def test_no_page_has_a_template_with_the_name_of_one_of_djangos_parts() -> None:
    """Django would take a page's own "actions.html" for the menu of its list.

    One that extends Django's part changes it on purpose.
    """
    parts = {"actions", "pagination", "search_form", "date_hierarchy", "submit_line",
             "change_list_results", "change_list_object_tools"}  # fmt: skip
    pages = Path(settings.BASE_DIR).glob("*/templates/admin/*/*/*.html")
    own = [each for each in pages if f'extends "admin/{each.name}"' not in each.read_text()]
    assert not [str(each) for each in own if each.stem in parts]


def test_many_causes_are_retried_or_ignored_at_once(operator: Client, error: WriteError) -> None:
    chosen = list(WriteError.objects.values_list("pk", flat=True))
    retry = {"action": "retry", "_selected_action": chosen, "index": "0"}
    assert operator.post(LIST, retry).status_code == 200
    assert not queued()
    operator.post(LIST, {**retry, "confirmed": "yes"})
    assert len(queued()) == 2
    ignore = {"action": "ignore", "_selected_action": chosen}
    assert operator.post(LIST, {**ignore, "index": "0"}).status_code == 200
    assert len(queued()) == 2
    operator.post(LIST, {**ignore, "confirmed": "yes"})
    assert len(queued()) == 4


def test_an_unknown_action_or_cause_is_a_404(operator: Client, error: WriteError) -> None:
    assert operator.post(f"{LIST}{error.pk}/do/drop/").status_code == 404
    assert operator.post(f"{LIST}999999/do/retry/").status_code == 404


def repaired(error: WriteError, **facts: object) -> WriteRepair:
    every = {"record_id": 1, "log_id": next(NUMBERS), "action": "retry", "actor": "olga"}
    return WriteRepair.objects.create(
        connection=error.connection, error_id=error.pk, table_name=error.table_name,
        cause=error.cause, **{**every, **facts},
    )  # fmt: skip


def test_a_retry_says_first_what_would_be_sent_and_what_skipped(
    operator: Client, error: WriteError
) -> None:
    asked = operator.post(f"{LIST}{error.pk}/do/retry/").content.decode()
    assert "0 writes can be sent again" in asked
    assert "3 will be skipped: the object is no longer mapped" in asked


def test_the_page_follows_a_repair_until_its_end(viewer: Client, error: WriteError) -> None:
    page = viewer.get(f"{LIST}{error.pk}/change/").content.decode()
    assert f'data-live="{LIST}{error.pk}/live/" data-live-every="5"' in page
    repair = repaired(error)
    error.delete()
    live = viewer.get(f"{LIST}{repair.error_id}/live/").content.decode()
    assert 'data-live-every="5"' in live
    assert "Its writes: 1 in progress." in live
    WriteRepair.objects.update(result=RepairResult.ARRIVED, ended_at=repair.asked_at)
    live = viewer.get(f"{LIST}{repair.error_id}/live/").content.decode()
    assert 'data-live-every="0"' in live
    assert "Its writes: 1 arrived." in live


def test_a_repair_that_ends_while_the_page_is_made_is_followed_to_its_end(
    viewer: Client, error: WriteError
) -> None:
    repair = repaired(error)
    error.delete()
    read = 0

    def end_after_the_first_look(execute: Any, sql: str, *more: Any) -> Any:
        nonlocal read
        answer = execute(sql, *more)
        if sql.startswith("SELECT") and 'FROM "connect_writerepair"' in sql:
            read += 1
            if read == 1:
                facts = {"result": RepairResult.ARRIVED, "ended_at": repair.asked_at}
                WriteRepair.objects.update(**facts)
        return answer

    with connection.execute_wrapper(end_after_the_first_look):
        live = viewer.get(f"{LIST}{repair.error_id}/live/").content.decode()
    assert read > 1
    assert "In progress" not in live or 'data-live-every="5"' in live


@pytest.mark.parametrize("address", ["change/", "do/retry/"])
def test_a_cause_that_has_gone_leads_to_the_list_with_what_happened(
    operator: Client, error: WriteError, address: str
) -> None:
    repaired(error, result=RepairResult.ARRIVED)
    repaired(error, result=RepairResult.SKIPPED, reason=SkipReason.GONE)
    pk, table = error.pk, error.table_name
    error.delete()
    page = operator.get(f"{LIST}{pk}/{address}", follow=True)
    assert page.redirect_chain[-1][0] == LIST
    assert f"{table}: BAD_VALUE" in page.content.decode()
    assert "1 arrived; 1 skipped: the row is gone" in page.content.decode()


def test_the_count_of_failed_writes_follows_a_repair(viewer: Client, error: WriteError) -> None:
    assert "3 failed at the last scan" in viewer.get(f"{LIST}{error.pk}/change/").content.decode()
    WriteError.objects.filter(pk=error.pk).update(failed=2)
    live = viewer.get(f"{LIST}{error.pk}/live/").content.decode()
    assert "2 failed at the last scan" in live
    error.delete()
    assert "failed at the last scan" not in viewer.get(f"{LIST}{error.pk}/live/").content.decode()


def test_a_write_that_was_repaired_several_times_counts_once(
    viewer: Client, error: WriteError
) -> None:
    repaired(error, log_id=1, new_log_id=11, result=RepairResult.FAILED)
    for _ in range(2):
        repaired(error, log_id=2, result=RepairResult.SKIPPED, reason=SkipReason.GONE)
    repaired(error, log_id=11, result=RepairResult.ARRIVED)
    repaired(error, log_id=2, action="ignore", result=RepairResult.IGNORED)
    pk = error.pk
    error.delete()
    live = viewer.get(f"{LIST}{pk}/live/").content.decode()
    assert "Its writes: 1 arrived; 1 ignored." in live


def test_a_cause_that_came_back_leads_to_its_new_page(viewer: Client, error: WriteError) -> None:
    repaired(error, result=RepairResult.FAILED)
    old = error.pk
    error.delete()
    scan.scan_all()
    new = WriteError.objects.get(connection=error.connection)
    page = viewer.get(f"{LIST}{old}/change/", follow=True)
    assert page.redirect_chain[-1][0] == f"{LIST}{new.pk}/change/"


def test_the_page_that_follows_a_repair_leads_to_the_writes_that_failed_again(
    viewer: Client, error: WriteError
) -> None:
    repaired(error, result=RepairResult.FAILED)
    repaired(error, result=RepairResult.ARRIVED)
    old = error.pk
    error.delete()
    live = viewer.get(f"{LIST}{old}/live/").content.decode()
    assert "None left" not in live
    scan.scan_all()
    new = WriteError.objects.get(connection=error.connection)
    live = viewer.get(f"{LIST}{old}/live/").content.decode()
    assert "is in the list again. Its writes: 1 arrived; 1 failed again." in live
    assert f'href="{LIST}{new.pk}/change/"' in live
    assert "has left the list" not in live
    assert "None left" not in live


def test_no_csv_holds_what_a_person_wrote(viewer: Client, error: WriteError) -> None:
    file = b"".join(viewer.get(f"{LIST}export/").streaming_content).decode()  # type: ignore[attr-defined]
    assert "BAD_VALUE" in file
    assert "<b>" not in file
