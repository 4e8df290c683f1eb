"""A press is a row from the click to its outcome: stored once, found again, shown to staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, OrmQ
from pytest_django.asserts import assertContains

import emulator as emulated
from connect.models import Connection, KeptSchema, Mapping, Stage
from connect.operations.base import Busy, OperationOutcome, Report
from portal import bulk, tasks
from portal.actions import action as registry
from portal.actions.action import Work
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants import sweeps
from tenants.models import Event, EventKind, Tenant
from tenants.sweeps import REQUEUE_AFTER
from tests import cast, queue
from tests.connect import fleet as fleets
from tests.portal.admin import clicks, ready, rows, strangers, walk
from tests.portal.admin.pressing import press, said, select

pytestmark = pytest.mark.django_db
Perform = Callable[[BulkRun, BulkItem], Report]
EVERY = pytest.mark.parametrize(
    ("model", "action"),
    list(ready.cases(every=False)),
    ids=lambda each: getattr(each, "name", None) or each.__name__,
)


@pytest.fixture
def acme() -> Tenant:
    return rows.connection(cast.enrol(cast.ACME), Stage.LIVE, state="IDLE").tenant


def work_off(monkeypatch: pytest.MonkeyPatch, perform: Perform) -> BulkItem:
    """Work on the only run, with another way to do an item; return its item."""
    monkeypatch.setattr(bulk, "_perform", perform)
    bulk.work_off(BulkRun.objects.get().pk)
    return BulkItem.objects.get()


# --- stored once ---------------------------------------------------------------------------------


def test_a_double_click_makes_one_run_and_says_so(operator: Client, acme: Tenant) -> None:
    page = walk.page(Tenant, "change", acme.pk)
    button = clicks.offered(operator, page, "Refresh")
    assert "is queued for Acme" in said(button.click(operator))
    again = said(button.click(operator))
    assert "“Refresh” was sent before" in again
    assert "It runs once." in again
    assert BulkRun.objects.count() == 1
    # A new page has a new number, so that the action can be repeated.
    clicks.offered(operator, page, "Refresh").click(operator)
    assert BulkRun.objects.count() == 2


def test_a_confirmation_that_is_sent_twice_makes_one_run(operator: Client, acme: Tenant) -> None:
    question = walk.page(Tenant, "act", acme.pk, "snooze")
    confirm = clicks.offered(operator, question, "Snooze")
    confirm.url = question  # a form without an address is sent to its page
    for _ in range(2):
        confirm.click(operator, span="4", note="Holidays.")
    assert BulkRun.objects.count() == 1
    # After “Back” the browser shows the old form: other answers are another press.
    confirm.click(operator, span="24", note="Holidays.")
    assert BulkRun.objects.count() == 2


def test_a_list_that_is_sent_twice_makes_one_run(operator: Client) -> None:
    chosen = [each.tenant for each in strangers.connected(range(3))]
    number = str(uuid4())
    first = select(operator, chosen, "refresh", press=number)
    second = select(operator, chosen, "refresh", press=number)
    assert first["Location"] == second["Location"]
    select(operator, chosen[:2], "refresh", press=number)
    assert sorted(BulkRun.objects.values_list("total", flat=True)) == [2, 3]
    html = operator.get(walk.page(Tenant, "changelist")).content.decode()
    assert 'type="hidden" name="press" value="' in html


def test_the_database_keeps_one_run_a_key() -> None:
    key = uuid4()
    first, second = (BulkRun(action="refresh", label="R", total=0, key=key) for _ in range(2))
    assert bulk.start(first, []) is first
    assert bulk.start(second, []) == first
    assert BulkRun.objects.count() == 1


def test_trying_again_twice_makes_one_run(operator: Client, acme: Tenant) -> None:
    press(operator, acme, "refresh")
    run = BulkRun.objects.get()
    run.items.update(status=BulkItemStatus.FAILED)
    BulkRun.objects.update(finished_at=timezone.now())
    for _ in range(2):
        operator.post(walk.page(BulkRun, "act", run.pk, "again"), {"confirmed": "yes"})
    assert BulkRun.objects.count() == 2


# --- found again ---------------------------------------------------------------------------------


def test_a_press_whose_task_is_lost_is_found_and_done(
    operator: Client, emulator: emulated.Running
) -> None:
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    press(operator, member.tenant, "pause")
    OrmQ.objects.all().delete()
    BulkRun.objects.update(queued_at=timezone.now() - REQUEUE_AFTER)
    assert bulk.queue_due() == 1
    queue.drain()
    assert BulkItem.objects.get().status == BulkItemStatus.DONE
    assert member.now().state == "PAUSED"


def _typed_for(row: Any) -> Any:
    return row if isinstance(row, KeptSchema) else getattr(row, "tenant", row)


@EVERY
def test_whatever_is_queued_is_a_row_first(
    superuser: Client, model: type[Any], action: registry.Action
) -> None:
    row = ready.row_for(model, action)
    OrmQ.objects.all().delete()
    args = [row.pk, action.name] if action.of_rows else [action.name]
    view = "act" if action.of_rows else "act_on_all"
    question = walk.page(model, view, *args)
    answers = {
        "confirmed": "yes",
        "schema_fate": "keep",
        "typed": str(_typed_for(row)) if action.form else "",
        "span": "4",
        "note": "x",
        "why": "x",
        "reason": "x",
        "prune": "keep",
        "fingerprint": "f" * 64,
        "access": "read_only",
        "sf_polling_seconds": "600",
        "fields_wanted": "Id",
        "revision": "1",
        "tag": ready.TAG,
    }
    superuser.post(question, answers)
    names = {call for call, _ in queue.queued_calls()}
    if isinstance(action.how, Work):
        run = BulkRun.objects.latest("pk")
        assert (run.action, run.actor, run.items.count()) == (action.name, "root", 1)
        assert names == {"portal.bulk.work_off"}
    elif action.name in ("again", "approve", "undo"):
        assert names == {"portal.bulk.work_off"}
    elif action.name != "queue_again":  # whose task is queued again
        assert names == set()


# --- shown ---------------------------------------------------------------------------------------


def _raise(error: Exception) -> Perform:
    def perform(run: BulkRun, item: BulkItem) -> Report:
        raise error

    return perform


def _give(report: Report) -> Perform:
    return lambda run, item: report


@pytest.mark.parametrize(
    ("perform", "attempts", "status", "event"),
    [
        (
            _give(Report(OperationOutcome.SKIPPED, "", "it is gone")),
            0,
            "skipped",
            "Pause: skipped, it is gone.",
        ),
        (_give(Report(OperationOutcome.FAILED, "", "No.")), 0, "failed", "Pause: failed. No."),
        (_raise(Busy("It is busy.")), 2, "failed", "Pause: failed. It is busy."),
        (_raise(ValueError("x")), 0, "failed", "Pause: failed. An error in the portal itself: "),
        (
            _give(Report(OperationOutcome.DONE, "")),
            3,
            "failed",
            "Pause: failed. Gave up: the work died",
        ),
    ],
    ids=["skipped", "failed", "busy to the end", "a fault of ours", "workers died"],
)
def test_each_outcome_is_on_the_timeline_with_the_persons_name(
    operator: Client,
    acme: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    perform: Perform,
    attempts: int,
    status: str,
    event: str,
) -> None:
    press(operator, acme, "pause")
    BulkItem.objects.update(attempts=attempts)
    assert work_off(monkeypatch, perform).status == status
    written = Event.objects.get(tenant=acme)
    assert written.text.startswith(event)
    assert written.actor == "olga"
    assert written.data == {"run": BulkRun.objects.get().pk, "outcome": status}


def test_an_outcome_that_the_work_has_noted_is_not_noted_twice(
    operator: Client, emulator: emulated.Running
) -> None:
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    before = Event.objects.count()
    press(operator, member.tenant, "refresh")
    queue.drain()
    assert Event.objects.count() == before + 1


def test_a_cancelled_press_is_on_the_timeline(operator: Client, acme: Tenant) -> None:
    press(operator, acme, "pause")
    operator.post(walk.page(BulkRun, "act", BulkRun.objects.get().pk, "cancel"))
    event = Event.objects.get(tenant=acme)
    assert (event.text, event.actor) == ("Pause: Cancelled by olga.", "olga")


def test_a_press_on_one_tenant_does_not_wait_for_the_budget(
    operator: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connect.clients.budget.allows_background_work", lambda *_: False)
    press(operator, acme, "pause")
    item = work_off(monkeypatch, _give(Report(OperationOutcome.DONE, "Paused.")))
    assert item.status == BulkItemStatus.DONE


def test_the_pages_of_a_row_show_what_was_pressed_on_it(
    operator: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(operator, acme, "pause")
    pages = [
        walk.page(Tenant, "change", acme.pk),
        walk.page(Connection, "change", acme.connections.get().pk),
    ]
    for page in pages:
        assertContains(operator.get(page), "Waiting</span>")
    work_off(monkeypatch, _give(Report(OperationOutcome.FAILED, "", "409: not idle")))
    for page in pages:
        answer = operator.get(page)
        assertContains(answer, "Failed</span> 409: not idle")
        assertContains(answer, walk.page(BulkRun, "change", BulkRun.objects.get().pk))


def test_a_mappings_page_shows_its_own_presses_and_the_tenants_page_all(operator: Client) -> None:
    mapping = ready.row_for(Mapping, registry.of(Mapping)["diagnose"])
    assert isinstance(mapping, Mapping)
    operator.post(walk.page(Mapping, "act", mapping.pk, "diagnose"))
    press(operator, mapping.connection.tenant, "refresh")
    own = operator.get(walk.page(Mapping, "change", mapping.pk)).content.decode()
    whole = operator.get(walk.page(Tenant, "change", mapping.connection.tenant_id))
    assert ("Diagnose, Account of" in own, "<td>Refresh</td>" in own) == (True, False)
    assertContains(whole, "Diagnose, Account of")
    assertContains(whole, "<td>Refresh</td>")


def test_the_list_of_runs_shows_those_of_many_first(operator: Client, acme: Tenant) -> None:
    press(operator, acme, "refresh")
    select(operator, [each.tenant for each in strangers.connected(range(2))], "refresh")
    listed = walk.page(BulkRun, "changelist")
    counts = [
        operator.get(listed, size).context["cl"].result_count
        for size in ({}, {"size": "one"}, {"size": "any"})
    ]
    assert counts == [1, 1, 2]
    items = operator.get(walk.page(BulkItem, "changelist"), {"tenant__id__exact": acme.pk})
    assert items.context["cl"].result_count == 1


# --- asked first, or not lost at the login -------------------------------------------------------


def test_a_press_without_a_session_comes_back_to_the_rows_page(acme: Tenant) -> None:
    client = Client()
    act = walk.page(Tenant, "act", acme.pk, "refresh")
    login = client.post(act)["Location"]
    assert parse_qs(urlsplit(login).query)["next"] == [act]
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(act, follow=True)
    assert page.redirect_chain[-1][0] == walk.page(Tenant, "change", acme.pk)
    assertContains(page, "“Refresh” was not done. Press the button to do it.")
    assert not BulkRun.objects.exists()


def test_resubmitting_asks_first_and_is_logged(manager: Client) -> None:
    failure = ready.row_for(Failure, registry.of(Failure)["queue_again"])
    OrmQ.objects.all().delete()
    page = walk.page(Failure, "change", failure.pk)
    question = clicks.offered(manager, page, "Resubmit to the queue").click(manager)
    assertContains(question, "connect.tasks.operate")
    assert not OrmQ.objects.exists()
    manager.post(walk.page(Failure, "act", failure.pk, "queue_again"), {"confirmed": "yes"})
    assert OrmQ.objects.count() == 1
    assert LogEntry.objects.get().change_message == "Resubmitted to the queue."


def test_importing_again_asks_first_and_a_tenant_stays_live_since_then(
    manager: Client, emulator: emulated.Running
) -> None:
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    since = timezone.now() - timedelta(days=30)
    Connection.objects.update(live_at=since)
    act = walk.page(Tenant, "act", member.tenant.pk, "import_mappings")
    assertContains(manager.post(act), "is live with")
    assert not BulkRun.objects.exists()
    manager.post(act, {"confirmed": "yes"})
    queue.drain()
    for _ in range(20):
        Connection.objects.update(next_attempt_at=timezone.now())
        queue_due()
    assert Event.objects.filter(kind=EventKind.LIVE).exists()
    assert (member.now().stage, member.now().live_at) == (Stage.LIVE, since)


def queue_due() -> None:
    Connection.objects.update(queued_at=None)
    sweeps.run()
    queue.drain()


def test_old_runs_are_deleted_and_open_ones_are_kept(operator: Client, acme: Tenant) -> None:
    for _ in range(3):
        press(operator, acme, "refresh")
    old, fresh, open_ = BulkRun.objects.order_by("pk")
    now = timezone.now()
    BulkRun.objects.filter(pk=old.pk).update(finished_at=now - tasks.KEEP_RUNS - timedelta(1))
    BulkRun.objects.filter(pk=fresh.pk).update(finished_at=now)
    tasks.prune()
    assert set(BulkRun.objects.all()) == {fresh, open_}
