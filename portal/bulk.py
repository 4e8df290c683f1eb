"""The runs of what staff press: stored first, then done by the worker, one target after the other.

One task at a time works on a run. It holds the run's lease and lets other tasks run every few
seconds. The outcome of each target is stored at once, with its event. When a task dies, another
one follows as soon as the lease ends. It tries the current target again, and nothing is done twice,
because each action asks first whether it is legal.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from connect import databases
from connect.clients import budget
from connect.clients.accounts import account_of
from connect.operations.base import Busy, Report
from portal.models import BulkItem, BulkItemStatus, BulkRun
from portal.outcomes import OPEN, end, event, keep
from tenants import attempts, leases, sweeps
from tenants.leases import Lease
from tenants.models import Event
from tenants.queue import enqueue_as

log = logging.getLogger(__name__)

Perform = Callable[[BulkRun, BulkItem], Report]
_perform: Perform
_apis: Callable[[BulkRun], Iterable[str]]

# After a slice another task continues, because provisioning shares the workers.
SLICE_SECONDS = 20.0
# Until a connection that another task works on is tried again.
BUSY_PAUSE = timedelta(seconds=15)
MAX_ATTEMPTS = 3
BATCH_SIZE = 1000
# A second manager approves a run within this time, or it is cancelled.
APPROVAL_TIME = timedelta(hours=24)
APPROVAL = "the approval of a second manager"
NOT_APPROVED = "the portal, because nobody approved it in time"
BUDGET_RESERVED = "the budget of calls: the last ones of this hour are kept for provisioning"


def register(perform: Perform, apis: Callable[[BulkRun], Iterable[str]]) -> None:
    """Store how an item is done, and which APIs of Heroku a run calls.

    The registry of actions stands above this module.
    """
    global _perform, _apis
    _perform, _apis = perform, apis


def start(run: BulkRun, items: Iterable[BulkItem]) -> BulkRun:
    """Store a run with its items and queue it, in one transaction.

    Return the earlier run if there is one with the same key.
    """
    run.queued_at = timezone.now()
    try:
        with transaction.atomic():
            run.save()
            BulkItem.objects.bulk_create(items, batch_size=BATCH_SIZE)
            _enqueue(run.pk)
    except IntegrityError:
        earlier = BulkRun.objects.filter(key=run.key).first() if run.key else None
        if earlier is None:
            raise
        return earlier
    return run


def hold(run: BulkRun) -> None:
    """Make a run that is not stored yet wait for a second manager."""
    run.approval_by = run.next_attempt_at = timezone.now() + APPROVAL_TIME
    run.waiting_for = APPROVAL


def unapproved(now: datetime) -> QuerySet[BulkRun]:
    """Return the runs that wait for a second manager."""
    return BulkRun.objects.filter(approval_by__gt=now, cancelled_at=None)


def approve(run_id: int, actor: str) -> bool:
    """Let a held run go on; return False if it no longer waits, or if `actor` asked for it."""
    now = timezone.now()
    held = unapproved(now).filter(pk=run_id)
    with transaction.atomic():
        approved = held.exclude(actor=actor).update(
            approved_by=actor, approval_by=None, next_attempt_at=now, waiting_for="", queued_at=now
        )
        if approved:
            _enqueue(run_id)
    return bool(approved)


def cancel(run_id: int, actor: str) -> int | None:
    """Stop a run after the current target; return how many are left out, None if it has ended."""
    with transaction.atomic():
        # Locked, so that the worker cannot finish the run in between.
        run = BulkRun.objects.select_for_update().get(pk=run_id)
        if run.finished_at or run.cancelled_at:
            return None
        run.cancelled_at, run.cancelled_by, run.waiting_for = timezone.now(), actor, ""
        run.save(update_fields=["cancelled_at", "cancelled_by", "waiting_for"])
        cancelled = _cancel_items(run, BulkItemStatus.WAITING)
        if not run.lease:  # else the task at work finishes it after the current target
            _finish(run)
    return cancelled


def _cancel_items(run: BulkRun, *statuses: BulkItemStatus) -> int:
    """Cancel a run's items in some statuses, each with an event; return how many."""
    items = run.items.select_related("tenant").select_for_update(of=("self",))
    left = list(items.filter(status__in=statuses))
    text = f"Cancelled by {run.cancelled_by}."
    BulkItem.objects.filter(pk__in=[item.pk for item in left]).update(
        status=BulkItemStatus.CANCELLED, text=text, ended_at=timezone.now()
    )
    status, who = BulkItemStatus.CANCELLED, run.cancelled_by
    events = [event(run, item, status, text, who) for item in left if item.tenant_id]
    Event.objects.bulk_create(events, batch_size=BATCH_SIZE)
    return len(left)


def counts(run: BulkRun) -> dict[str, int]:
    """Return how many items are in each status."""
    rows = run.items.order_by().values_list("status").annotate(Count("pk"))
    return dict.fromkeys(BulkItemStatus.values, 0) | dict(rows)


def waits_for_budget(run: BulkRun) -> bool:
    """Return whether a run leaves Heroku's last calls to provisioning: one of many targets does."""
    return run.total > 1


def queue_due(again_after: timedelta = sweeps.REQUEUE_AFTER, limit: int = 20) -> int:
    """Queue the due runs; return how many were queued."""
    with transaction.atomic():
        ids = leases.mark_queued(_open_runs(), limit, again_after)
        for run_id in ids:
            _enqueue(run_id)
    return len(ids)


def _open_runs() -> QuerySet[BulkRun]:
    return BulkRun.objects.filter(finished_at=None)


def _due(again_after: timedelta) -> QuerySet[Any, Any]:
    return leases.due(_open_runs(), again_after)


def _oldest(now: datetime) -> QuerySet[Any, Any]:
    return sweeps.oldest(_open_runs().filter(leases.free(now)), now)


def work_off(run_id: int) -> None:
    """Do a slice of a run's work; return at once if it is not due.

    Also return at once if another task holds the lease."""
    lease = _take(run_id)
    if lease is None:
        return
    if lease.row.approval_by:
        cancel(run_id, NOT_APPROVED)
    stop_at = time.monotonic() + SLICE_SECONDS
    pause = timedelta()
    # The lease is not renewed once the run is cancelled, which ends the slice.
    while time.monotonic() < stop_at and lease.renew(cancelled_at=None):
        item = _next_item(lease.row)
        if item is None:
            pause = BUSY_PAUSE
            break
        if waits_for_budget(lease.row) and not _is_within_budget(lease.row, item):
            _release(lease, budget.RESERVE_PAUSE, BUDGET_RESERVED)
            return
        if _count_attempt(item):  # else it was cancelled just now
            _do(lease.row, item)
    _release(lease, pause, "")


def _take(run_id: int) -> Lease[BulkRun] | None:
    due = BulkRun.objects.filter(pk=run_id, finished_at=None, next_attempt_at__lte=timezone.now())
    key = leases.take(due, waiting_for="", queued_at=None)
    return Lease(BulkRun.objects.get(pk=run_id), key) if key else None


def _release(lease: Lease[BulkRun], pause: timedelta, why: str) -> None:
    """Release the lease, and finish the run or make it due after a pause."""
    with transaction.atomic():
        try:
            lease.release(next_attempt_at=timezone.now() + pause, waiting_for=why)
        # Another task took over when the lease had ended; it decides what comes next.
        except leases.LostLease:
            return
        _finish(BulkRun.objects.get(pk=lease.row.pk))


def _finish(run: BulkRun) -> None:
    """Close the run if no target is left; nobody is at work on it now."""
    if run.cancelled_at:
        # RUNNING ones too, because the item of a task that died keeps this status.
        _cancel_items(run, *OPEN)
    if not run.items.filter(status__in=OPEN).exists():
        BulkRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), waiting_for="")


def _enqueue(run_id: int) -> None:
    enqueue_as(f"bulk run {run_id}", work_off, run_id)


# --- one target ----------------------------------------------------------------------------------


def _next_item(run: BulkRun) -> BulkItem | None:
    """Return the next item: those of a dead task first, busy ones last."""
    items = run.items.filter(status__in=OPEN).select_related(
        "tenant", "connection__tenant", "connection__host_app"
    )
    # "running" sorts before "waiting", so an item of a dead task comes first.
    found = items.order_by("status", "attempts", "pk").first()
    return None if found is None or _was_just_busy(found) else found


def _count_attempt(item: BulkItem) -> bool:
    """Count the attempt before the work; return False if the item is no longer open."""
    row = BulkItem.objects.filter(pk=item.pk, status=item.status)
    if not attempts.count(row, item.attempts, status=BulkItemStatus.RUNNING):
        return False
    item.attempts += 1
    return True


def _is_within_budget(run: BulkRun, item: BulkItem) -> bool:
    """Return whether the APIs that the run calls may be called for the item's Heroku account."""
    account = account_of(item.connection).name if item.connection else ""
    return budget.allows_background_work(account, _apis(run))


def _was_just_busy(item: BulkItem) -> bool:
    tried = item.ended_at
    return tried is not None and tried > timezone.now() - BUSY_PAUSE


def _do(run: BulkRun, item: BulkItem) -> None:
    if item.attempts > MAX_ATTEMPTS:
        end(run, item, BulkItemStatus.FAILED, f"Gave up: the work died {MAX_ATTEMPTS} times.")
        return
    try:
        report = _perform(run, item)
    except leases.LostLease:  # as after a death: the item is still open, and has its turn again
        log.info("lease lost run=%s item=%s", run.pk, item.pk)
    except Exception as trouble:  # a fault of one target must not stop the others
        _settle(run, item, trouble)
    else:
        keep(run, item, report)


def _settle(run: BulkRun, item: BulkItem, trouble: Exception) -> None:
    passing = _passing(trouble)
    if databases.passing_failure(trouble):
        databases.reconnect()  # else the run would wait until its lease ends
    if not passing:
        log.error("run=%s item=%s", run.pk, item.pk, exc_info=trouble)
    again = passing and item.attempts < MAX_ATTEMPTS
    status = BulkItemStatus.WAITING if again else BulkItemStatus.FAILED
    end(run, item, status, passing or f"An error in the portal itself: {trouble!r}")


def _passing(trouble: Exception) -> str:
    """Return why the item can be done a little later, "" if that would not help."""
    return str(trouble) if isinstance(trouble, Busy) else databases.passing_failure(trouble)


sweeps.register(sweeps.Sweep("runs", (work_off,), _due, queue_due, _oldest))
