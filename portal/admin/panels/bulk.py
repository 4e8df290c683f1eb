"""How far a bulk run is: its bar, its counts, and who was skipped or failed and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from connect import holds
from connect.formats import format_time
from connect.holds import Hold
from connect.models import SchemaFate
from portal import bulk, show
from portal.actions import undoing
from portal.dashboard.split_bar import SplitBar
from portal.models import BulkItem, BulkItemStatus, BulkRun
from portal.outcomes import CHANGED

TONES = {
    BulkItemStatus.WAITING: show.MUTED,
    BulkItemStatus.RUNNING: show.BUSY,
    BulkItemStatus.STARTED: show.BUSY,
    BulkItemStatus.DONE: show.GOOD,
    BulkItemStatus.PARTLY: show.WAIT,
    BulkItemStatus.SKIPPED: show.MUTED,
    BulkItemStatus.FAILED: show.BAD,
    BulkItemStatus.CANCELLED: show.MUTED,
}
# What the worker has done with; some of it may continue.
ENDED = (
    BulkItemStatus.DONE,
    BulkItemStatus.STARTED,
    BulkItemStatus.PARTLY,
    BulkItemStatus.SKIPPED,
    BulkItemStatus.CANCELLED,
    BulkItemStatus.FAILED,
)
REFRESH_SECONDS, REFRESH_STARTED_SECONDS = 1, 10  # while it runs; while what it started goes on
MAX_REASONS = 20
MAX_NAMES = 100


def state(run: BulkRun, counts: Mapping[str, int]) -> tuple[str, str]:
    """Return what a run is and its tone; `counts` holds its tenants by status.

    It is done only if all its tenants are.
    """
    if run.cancelled_at:
        return ("Cancelled" if run.finished_at else "Being cancelled"), show.WAIT
    if not run.finished_at:
        return ("Waiting", show.WAIT) if run.waiting_for else ("Running", show.BUSY)
    if counts[BulkItemStatus.STARTED]:
        return str(BulkItemStatus.STARTED.label), show.BUSY
    if counts[BulkItemStatus.DONE] == run.total:
        return str(BulkItemStatus.DONE.label), show.GOOD
    return _ended(counts)


def waits_for(run: BulkRun) -> str:
    """Return what a run waits for as a sentence, "" if it waits for nothing."""
    return f"Waiting for {run.waiting_for}." if run.waiting_for else ""


def text(item: BulkItem) -> str:
    """Return the text of an outcome, or what its run waits for."""
    is_waiting = item.status == BulkItemStatus.WAITING
    return item.text or (waits_for(item.run) if is_waiting else "")


def _ended(counts: Mapping[str, int]) -> tuple[str, str]:
    """Return the word and the tone of a finished run that is not wholly done."""
    has_failed = counts[BulkItemStatus.FAILED]
    if counts[BulkItemStatus.DONE] or counts[BulkItemStatus.PARTLY]:
        return str(BulkItemStatus.PARTLY.label), show.BAD if has_failed else show.WAIT
    word = BulkItemStatus.FAILED if has_failed else BulkItemStatus.SKIPPED
    return str(word.label), TONES[word]


def bar(run: BulkRun, counts: Mapping[str, int]) -> SplitBar:
    """Return how far a run is."""
    ended = {status.label.lower(): counts[status] for status in ENDED}
    tones = {status.label.lower(): TONES[status] for status in ENDED}
    return SplitBar(run.label, ended, run.total, tones)


def progress(run: BulkRun) -> dict[str, Any]:
    """Return how far a run is, and what it skipped and failed."""
    counts = bulk.counts(run)
    label, tone = state(run, counts)
    items = reverse("admin:portal_bulkitem_changelist") + f"?run__id__exact={run.pk}"
    return {
        "run": run,
        "counts": [
            (status.label, counts[status], TONES[status], f"{items}&status__exact={status}")
            for status in BulkItemStatus
            if counts[status]
        ],
        "badge": show.badge(label, tone),
        "bar": bar(run, counts),
        "holds": _holds(run),
        "live_url": reverse("admin:portal_bulkrun_live", args=[run.pk]),
        "every": _every(run, counts),
        "undoes": run.undoes,
        "undone_by": run.undone_by.last() if run.finished_at else None,
        "undo": _undo(run, counts),
        "answers": _answers(run),
        "current": _of_status(run, BulkItemStatus.RUNNING).first(),
        "skipped": _by_reason(run),
        "unfinished": [
            (status.label, _of_status(run, status)[:MAX_NAMES])
            for status in (BulkItemStatus.FAILED, BulkItemStatus.PARTLY)
            if counts[status]
        ],
        "all_items": items,
        "left": counts["failed"] + counts["cancelled"],
    }


def _every(run: BulkRun, counts: Mapping[str, int]) -> int:
    if not run.finished_at:
        return REFRESH_SECONDS
    return REFRESH_STARTED_SECONDS if counts[BulkItemStatus.STARTED] else 0


def _undo(run: BulkRun, counts: Mapping[str, int]) -> dict[str, Any] | None:
    """Return how many a finished run has changed, and what puts that back; None if nothing does."""
    changed, found = sum(counts[each] for each in CHANGED), undoing.opposite_of(run)
    if not found or not run.finished_at or not changed:
        return None
    return {"does": found[1].does, "changed": changed}


def _holds(run: BulkRun) -> list[Hold]:
    waits = bulk.waits_for_budget(run) and not run.finished_at
    return holds.of_bulk_runs(timezone.now()) if waits else []


def outcome(status: str) -> str:
    """Return the badge of an item's status."""
    return show.badge(BulkItemStatus(status).label, TONES[BulkItemStatus(status)])


def _of_status(run: BulkRun, status: BulkItemStatus) -> QuerySet[BulkItem]:
    return run.items.filter(status=status).select_related("tenant")


def _answers(run: BulkRun) -> list[tuple[str, str]]:
    """Return the answers of the action's form, as text."""
    words = []
    if "until" in run.options:
        words.append(("Until", format_time(datetime.fromisoformat(run.options["until"]))))
    if "note" in run.options:
        words.append(("Why", str(run.options["note"])))
    if "schema_fate" in run.options:
        words.append(("Schema", SchemaFate(run.options["schema_fate"]).label))
    return words


def _by_reason(run: BulkRun) -> list[dict[str, Any]]:
    """Return the reasons for skipped tenants with their counts, the most frequent first."""
    skipped = run.items.filter(status=BulkItemStatus.SKIPPED).order_by()
    reasons = skipped.values("text").annotate(tenants=Count("pk")).order_by("-tenants", "text")
    return [dict(row) for row in reasons[:MAX_REASONS]]
