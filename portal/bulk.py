"""One action on many tenants: written down as a run, worked off by the worker, one by one.

A run is worked on by one task at a time, which holds its lease and gives way to other tasks every
few seconds. What comes of each tenant is kept at once. A task that dies is followed by another one
when the lease ends; the tenant in hand is then looked at again, and an action that was done already
is not done twice, since each asks first whether it is legal.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django_q.tasks import async_task

from connect.clients import heroku
from connect.clients.heroku import Priority
from connect.operations.connection import Busy, Outcome, Report
from connect.runner import lease as claims
from portal.models import BulkItem, BulkRun, ItemStatus

log = logging.getLogger(__name__)

Perform = Callable[[BulkRun, BulkItem], Report]

# Then the task gives way, and the next one goes on: provisioning shares the workers.
SLICE_SECONDS = 20.0
# A task that was lost with its worker comes up again after this long.
AGAIN_AFTER = timedelta(seconds=60)
BUSY_PAUSE = timedelta(seconds=15)
MOST_ATTEMPTS = 3
BATCH = 1000
_OPEN = (ItemStatus.WAITING, ItemStatus.RUNNING)
NO_CALLS_LEFT = "Heroku's call budget: the last calls of this hour are kept for provisioning"


def start(run: BulkRun, items: Iterable[BulkItem]) -> BulkRun:
    """Store a run with its items and queue it; all of it, or nothing."""
    with transaction.atomic():
        run.save()
        BulkItem.objects.bulk_create(items, batch_size=BATCH)
        _enqueue(run.pk)
    return run


def cancel(run_id: int, actor: str) -> int:
    """Stop a run after the tenant in hand; return how many tenants were spared."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=run_id)
        if run.finished_at or run.cancelled_at:
            return 0
        run.cancelled_at, run.cancelled_by, run.waiting_for = timezone.now(), actor, ""
        run.save(update_fields=["cancelled_at", "cancelled_by", "waiting_for"])
        spared = _spare(run, ItemStatus.WAITING)
        if not run.lease:
            _finish(run)
    return spared


def _spare(run: BulkRun, *statuses: ItemStatus) -> int:
    return run.items.filter(status__in=statuses).update(
        status=ItemStatus.CANCELLED,
        text=f"Cancelled by {run.cancelled_by}.",
        ended_at=timezone.now(),
    )


def counts(run: BulkRun) -> dict[str, int]:
    """Return how many items are in each status."""
    rows = run.items.order_by().values_list("status").annotate(Count("pk"))
    return dict.fromkeys(ItemStatus.values, 0) | dict(rows)


def sweep(limit: int = 20) -> int:
    """Queue the runs that are due; the worker asks every second. Return how many were queued."""
    now = timezone.now()
    waiting = Q(queued_at=None) | Q(queued_at__lte=now - AGAIN_AFTER)
    with transaction.atomic():
        due = BulkRun.objects.filter(
            _free() & waiting, finished_at=None, next_attempt_at__lte=now
        ).order_by("next_attempt_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        for run_id in ids:
            _enqueue(run_id)
    return len(ids)


def work_off(run_id: int, perform: Perform) -> None:
    """Do a slice of a run's work; return at once if it is not due, or if somebody is at it."""
    lease = uuid.uuid4()
    if not _take(run_id, lease):
        return
    run = BulkRun.objects.get(pk=run_id)
    stop_at = time.monotonic() + SLICE_SECONDS
    pause = timedelta()
    while time.monotonic() < stop_at and _hold(run_id, lease):
        if not heroku.budget_allows(Priority.BACKGROUND):
            _give_back(run_id, lease, heroku.RESERVE_PAUSE, NO_CALLS_LEFT)
            return
        item = _next_item(run)
        if item is None:
            pause = BUSY_PAUSE
            break
        _do(run, item, perform)
    _give_back(run_id, lease, pause, "")


# --- one tenant ----------------------------------------------------------------------------------


def _next_item(run: BulkRun) -> BulkItem | None:
    """Return the next item, marked as begun: first those that a dead task left, Busy ones last."""
    open_items = run.items.filter(status__in=_OPEN)
    in_turn = open_items.select_related("tenant", "connection__tenant").order_by(
        "status", "attempts", "pk"
    )
    found = in_turn.first()
    if found is None or _was_just_busy(found):
        return None
    begun = BulkItem.objects.filter(pk=found.pk, status=found.status)
    if not begun.update(status=ItemStatus.RUNNING, attempts=F("attempts") + 1):
        return _next_item(run)  # it was cancelled this moment
    found.attempts += 1
    return found


def _was_just_busy(item: BulkItem) -> bool:
    tried = item.ended_at
    return tried is not None and tried > timezone.now() - BUSY_PAUSE


def _do(run: BulkRun, item: BulkItem, perform: Perform) -> None:
    if item.attempts > MOST_ATTEMPTS:
        _end(item, ItemStatus.FAILED, f"Gave up: the work died {MOST_ATTEMPTS} times.")
        return
    try:
        report = perform(run, item)
    except Busy as trouble:
        again = item.attempts < MOST_ATTEMPTS
        _end(item, ItemStatus.WAITING if again else ItemStatus.FAILED, str(trouble))
    except Exception as trouble:  # one tenant's fault never stops the others
        log.exception("bulk run=%s tenant=%s", run.pk, item.tenant_id)
        _end(item, ItemStatus.FAILED, f"An error in the portal itself: {trouble!r}")
    else:
        _end(item, _STATUS[report.outcome], _told(item, report))


_STATUS = {
    Outcome.DONE: ItemStatus.DONE,
    Outcome.SKIPPED: ItemStatus.SKIPPED,
    Outcome.FAILED: ItemStatus.FAILED,
}


def _told(item: BulkItem, report: Report) -> str:
    text = report.reason or report.text
    if item.attempts > 1 and report.outcome == Outcome.SKIPPED:
        return f"{text} (a worker died at this tenant: it may have been done just before)"
    return text


def _end(item: BulkItem, status: ItemStatus, text: str) -> None:
    BulkItem.objects.filter(pk=item.pk).update(status=status, text=text, ended_at=timezone.now())


# --- the lease -----------------------------------------------------------------------------------


def _free() -> Q:
    return Q(lease=None) | Q(lease_expires_at__lte=timezone.now())


def _take(run_id: int, lease: uuid.UUID) -> bool:
    now = timezone.now()
    free = BulkRun.objects.filter(_free(), pk=run_id, finished_at=None, next_attempt_at__lte=now)
    end = now + claims.LEASE
    return bool(free.update(lease=lease, lease_expires_at=end, queued_at=None, waiting_for=""))


def _hold(run_id: int, lease: uuid.UUID) -> bool:
    """Renew the lease before each tenant; False when it was lost, or the run was cancelled."""
    mine = BulkRun.objects.filter(pk=run_id, lease=lease, cancelled_at=None)
    return bool(mine.update(lease_expires_at=timezone.now() + claims.LEASE))


def _give_back(run_id: int, lease: uuid.UUID, pause: timedelta, why: str) -> None:
    """Give the lease back, with the run finished or due again after a pause."""
    then = timezone.now() + pause
    with transaction.atomic():
        mine = BulkRun.objects.filter(pk=run_id, lease=lease)
        if mine.update(lease=None, lease_expires_at=None, next_attempt_at=then, waiting_for=why):
            _finish(BulkRun.objects.get(pk=run_id))


def _finish(run: BulkRun) -> None:
    """Close the run when nothing is open; nobody is at work on it now."""
    if run.cancelled_at:
        _spare(run, *_OPEN)
    if not run.items.filter(status__in=_OPEN).exists():
        BulkRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), waiting_for="")


def _enqueue(run_id: int) -> None:
    BulkRun.objects.filter(pk=run_id).update(queued_at=timezone.now())
    async_task("portal.tasks.work_off", run_id, task_name=f"bulk run {run_id}")
