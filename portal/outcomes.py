"""The outcome of what was pressed: stored with each target, and on its tenant's timeline."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from connect.operations.base import OperationOutcome, Report
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants.models import Event, EventKind

# What the worker still has to do.
OPEN = (BulkItemStatus.WAITING, BulkItemStatus.RUNNING)
# What a run has changed.
CHANGED = (BulkItemStatus.DONE, BulkItemStatus.STARTED)
_STATUS = {
    OperationOutcome.DONE: BulkItemStatus.DONE,
    OperationOutcome.STARTED: BulkItemStatus.STARTED,
    OperationOutcome.PARTLY: BulkItemStatus.PARTLY,
    OperationOutcome.SKIPPED: BulkItemStatus.SKIPPED,
    OperationOutcome.FAILED: BulkItemStatus.FAILED,
}


def keep(run: BulkRun, item: BulkItem, report: Report) -> None:
    """Store what the work reports, with an event unless the work has noted one."""
    status, is_noted = _STATUS[report.outcome], bool(report.text)
    end(run, item, status, _text(item, report), is_noted=is_noted, before=dict(report.before))


def _text(item: BulkItem, report: Report) -> str:
    text = report.reason or report.text
    if item.attempts > 1 and report.outcome == OperationOutcome.SKIPPED:
        return f"{text} (a worker died during this tenant; the action may already be done)"
    return text


def end(
    run: BulkRun,
    item: BulkItem,
    status: BulkItemStatus,
    text: str,
    *,
    is_noted: bool = False,
    **facts: Any,
) -> None:
    """Store the outcome of this attempt, unless the next one has begun: its outcome counts.

    `facts` are further fields of the item.
    """
    with transaction.atomic():
        # A worker that was taken for dead may come back with an answer that is too late.
        mine = BulkItem.objects.filter(pk=item.pk, attempts=item.attempts)
        if not mine.update(status=status, text=text, ended_at=timezone.now(), **facts):
            return
        if item.tenant_id and not is_noted and status not in OPEN:
            event(run, item, status, text, run.actor).save()


def event(run: BulkRun, item: BulkItem, status: BulkItemStatus, text: str, actor: str) -> Event:
    """Return the event of an outcome that the work itself has not noted."""
    what = f"{run.label}, {item.name}" if item.target else run.label
    how = {BulkItemStatus.SKIPPED: f"skipped, {text}.", BulkItemStatus.FAILED: f"failed. {text}"}
    return Event(
        tenant=item.tenant,
        kind=EventKind.STAFF_ACTION,
        text=f"{what}: {how.get(status, text)}",
        actor=actor,
        data={"run": run.pk, "outcome": status},
    )
