"""Bulk runs: worked off in turn, cancelled, within the budget, and past the death of a worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils import timezone

from connect.databases import DatabaseAway
from connect.models import ApiBudget, Connection, HostApp
from connect.operations.base import Busy, OperationOutcome, Report
from portal import bulk
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants.leases import LostLease
from tenants.models import Event, Tenant
from tenants.sweeps import REQUEUE_AFTER
from tests.portal.admin import strangers

pytestmark = pytest.mark.django_db
Perform = Callable[[BulkRun, BulkItem], Report]


def begin(count: int = 3) -> BulkRun:
    """Store a run over some strangers."""
    strangers.connected(range(count))
    return start()


def start() -> BulkRun:
    chosen = list(Connection.objects.select_related("tenant").order_by("pk"))
    run = BulkRun(action="refresh", label="Refresh", actor="olga", total=len(chosen))
    items = [BulkItem(run=run, tenant=each.tenant, connection=each) for each in chosen]
    return bulk.start(run, items)


def done(run: BulkRun, item: BulkItem) -> Report:
    return Report(OperationOutcome.DONE, "The state is IDLE.")


def work_off(run: BulkRun, perform: Perform) -> None:
    """Do a slice of a run, with another way to do an item."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "_perform", perform)
        bulk.work_off(run.pk)


def statuses(run: BulkRun) -> list[str]:
    return list(run.items.order_by("pk").values_list("status", flat=True))


def test_each_outcome_is_kept_with_its_reason_and_counted() -> None:
    run = begin(4)
    reports = iter(
        [
            Report(OperationOutcome.DONE, "Refresh: the state is IDLE."),
            Report(
                OperationOutcome.SKIPPED,
                "Refresh: skipped, it is off-boarded.",
                "it is off-boarded",
            ),
            Report(OperationOutcome.FAILED, "Refresh: failed. No such thing.", "No such thing."),
        ]
    )

    def perform(run: BulkRun, item: BulkItem) -> Report:
        return next(reports)

    work_off(run, perform)
    run.refresh_from_db()
    assert statuses(run) == ["done", "skipped", "failed", "failed"]
    texts = list(run.items.order_by("pk").values_list("text", flat=True))
    assert texts[:3] == ["Refresh: the state is IDLE.", "it is off-boarded", "No such thing."]
    assert texts[3].startswith("An error in the portal itself: StopIteration")
    assert run.finished_at
    assert (bulk.counts(run)["done"], bulk.counts(run)["failed"]) == (1, 2)


def test_a_run_works_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(3)
    monkeypatch.setattr(bulk, "SLICE_SECONDS", -1)
    work_off(run, done)
    run.refresh_from_db()
    assert statuses(run) == ["waiting"] * 3
    assert (run.lease, run.finished_at) == (None, None)
    monkeypatch.undo()
    assert bulk.queue_due() == 1
    work_off(run, done)
    assert statuses(run) == ["done"] * 3


def test_the_sweep_queues_a_run_once_and_again_when_the_task_was_lost() -> None:
    run = begin()
    assert bulk.queue_due() == 0
    BulkRun.objects.update(queued_at=timezone.now() - REQUEUE_AFTER)
    assert bulk.queue_due() == 1
    assert bulk.queue_due() == 0
    work_off(run, done)
    BulkRun.objects.update(queued_at=None)
    assert bulk.queue_due() == 0


def test_two_tasks_never_work_on_one_run() -> None:
    run = begin(2)
    seen: list[int] = []

    def perform(run: BulkRun, item: BulkItem) -> Report:
        seen.append(item.pk)
        work_off(run, perform)
        return done(run, item)

    work_off(run, perform)
    assert len(seen) == len(set(seen)) == 2


def test_a_cancelled_run_leaves_out_what_has_not_begun() -> None:
    run = begin(3)

    def perform(run: BulkRun, item: BulkItem) -> Report:
        assert bulk.cancel(run.pk, "mia") == 2
        return done(run, item)

    work_off(run, perform)
    run.refresh_from_db()
    assert statuses(run) == ["done", "cancelled", "cancelled"]
    assert (run.cancelled_by, bool(run.finished_at)) == ("mia", True)
    assert bulk.cancel(run.pk, "mia") is None


def test_a_run_that_nobody_works_on_is_cancelled_at_once() -> None:
    run = begin(2)
    assert bulk.cancel(run.pk, "mia") == 2
    run.refresh_from_db()
    assert run.finished_at
    work_off(run, done)
    assert statuses(run) == ["cancelled"] * 2


def test_it_waits_when_the_last_calls_are_kept_for_provisioning() -> None:
    run = begin(2)
    budget = ApiBudget.objects.create(peer="connect", remaining=100)
    work_off(run, done)
    run.refresh_from_db()
    assert statuses(run) == ["waiting"] * 2
    assert run.waiting_for == bulk.BUDGET_RESERVED
    assert run.next_attempt_at > timezone.now()
    assert bulk.queue_due() == 0
    budget.remaining = 4000
    budget.save()
    BulkRun.objects.update(next_attempt_at=timezone.now())
    work_off(run, done)
    run.refresh_from_db()
    assert (statuses(run), run.waiting_for) == (["done"] * 2, "")


def test_it_waits_for_no_budget_that_it_does_not_use() -> None:
    run = begin(2)
    HostApp.objects.update(account="eu", token="HRKU-eu")
    for peer in ("heroku", "heroku:eu", "connect"):
        ApiBudget.objects.create(peer=peer, remaining=100)
    work_off(run, done)
    assert statuses(run) == ["done"] * 2


def test_a_busy_tenant_comes_last_and_is_given_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = begin(2)
    first = run.items.order_by("pk")[0].pk

    def perform(run: BulkRun, item: BulkItem) -> Report:
        if item.pk == first:
            raise Busy("The portal is working on this connection.")
        return done(run, item)

    work_off(run, perform)
    run.refresh_from_db()
    assert statuses(run) == ["waiting", "done"]
    assert run.next_attempt_at > timezone.now()
    monkeypatch.setattr(bulk, "BUSY_PAUSE", timedelta())
    BulkRun.objects.update(next_attempt_at=timezone.now())
    work_off(run, perform)
    assert statuses(run) == ["failed", "done"]


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("server closed the connection unexpectedly\n\tThis probably means"),
        InterfaceError("the connection is closed"),
        DatabaseAway("tenants_eu", "it is shut down"),
    ],
)
def test_a_press_is_not_failed_by_a_database_that_was_away_for_a_moment(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, failures = begin(1), [failure]

    def perform(run: BulkRun, item: BulkItem) -> Report:
        if failures:
            raise failures.pop()
        return done(run, item)

    work_off(run, perform)
    item = run.items.get()
    assert item.status == BulkItemStatus.WAITING
    assert "database" in item.text
    assert "in the portal itself" not in item.text
    monkeypatch.setattr(bulk, "BUSY_PAUSE", timedelta())
    BulkRun.objects.update(next_attempt_at=timezone.now())
    work_off(run, perform)
    assert statuses(run) == ["done"]


def test_a_tenant_at_which_workers_die_is_given_up_and_the_others_go_on() -> None:
    run = begin(2)
    first = run.items.order_by("pk")[0]
    BulkItem.objects.filter(pk=first.pk).update(status=BulkItemStatus.RUNNING, attempts=3)
    work_off(run, done)
    assert statuses(run) == ["failed", "done"]
    first.refresh_from_db()
    assert first.text == "Gave up: the work died 3 times."


def test_what_may_have_been_done_before_a_death_is_said() -> None:
    run = begin(1)
    run.items.update(status=BulkItemStatus.RUNNING, attempts=1)

    def perform(run: BulkRun, item: BulkItem) -> Report:
        return Report(OperationOutcome.SKIPPED, "", "it is already paused")

    work_off(run, perform)
    assert run.items.get().text.startswith("it is already paused (a worker died during this tenant")


@pytest.mark.parametrize("late", [LostLease(), OperationalError("away"), "Pause: failed."])
def test_what_a_worker_says_that_was_taken_for_dead_is_dropped(late: Exception | str) -> None:
    run = begin(1)

    def frozen(run: BulkRun, item: BulkItem) -> Report:
        # Another worker does all of it since then.
        BulkRun.objects.update(lease=None, lease_expires_at=None, lease_holder="")
        work_off(run, done)
        if isinstance(late, Exception):
            raise late
        return Report(OperationOutcome.FAILED, "", late)

    work_off(run, frozen)
    assert (run.items.get().status, run.items.get().text) == ("done", "The state is IDLE.")
    assert not Event.objects.filter(text__contains="failed").exists()


def test_a_connection_whose_lease_was_lost_has_its_turn_again() -> None:
    run, lost = begin(1), [LostLease()]

    def perform(run: BulkRun, item: BulkItem) -> Report:
        if lost:
            raise lost.pop()
        return done(run, item)

    work_off(run, perform)
    assert (run.items.get().status, run.items.get().text) == ("done", "The state is IDLE.")


# --- a real worker, really killed ----------------------------------------------------------------

PATIENCE = 30.0  # seconds


def until(condition: Callable[[], object], what: str) -> None:
    stop_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < stop_at, f"never happened: {what}"
        time.sleep(0.02)


@pytest.fixture
def start_worker() -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Return a function that starts `manage.py worker` on the test's database."""
    at = database.settings_dict
    url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        started.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=Path(settings.BASE_DIR),
                env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "CRITICAL"},
                start_new_session=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a worker with all its processes, as a power cut would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.django_db(transaction=True)
def test_a_run_outlives_its_worker_and_does_nothing_twice(
    start_worker: Callable[[], "subprocess.Popen[bytes]"],
) -> None:
    strangers.connected(range(30))
    chosen = list(Tenant.objects.order_by("pk"))
    Tenant.objects.update(proof="", proven_at=None)
    run = BulkRun(action="approve", label="Approve", actor="mia", total=len(chosen))
    bulk.start(run, [BulkItem(run=run, tenant=tenant) for tenant in chosen])

    first = start_worker()
    until(lambda: run.items.filter(status="done").count() >= 3, "the first tenants")
    kill(first)
    ended = run.items.filter(status="done").count()
    assert ended < len(chosen)

    # The lease of the dead task ends in its own time; here it ends at once.
    BulkRun.objects.filter(pk=run.pk).update(
        queued_at=None, next_attempt_at=timezone.now(), lease=None, lease_expires_at=None
    )
    start_worker()
    until(lambda: BulkRun.objects.get(pk=run.pk).finished_at, "the end of the run")
    assert bulk.counts(run)["done"] + bulk.counts(run)["skipped"] == len(chosen)
    approvals = [tenant.events.filter(kind="approved").count() for tenant in chosen]
    assert approvals == [1] * len(chosen)
