"""How far a bulk run is: its bar, its counts, and who was skipped or failed and why."""

from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse

from connect.formats import format_time
from connect.models import SchemaFate
from portal import bulk, show
from portal.models import BulkItem, BulkItemStatus, BulkRun

TONES = {
    BulkItemStatus.WAITING: show.MUTED,
    BulkItemStatus.RUNNING: show.BUSY,
    BulkItemStatus.DONE: show.GOOD,
    BulkItemStatus.SKIPPED: show.MUTED,
    BulkItemStatus.FAILED: show.BAD,
    BulkItemStatus.CANCELLED: show.WAIT,
}
REFRESH_SECONDS = 1  # while it runs
MAX_REASONS = 20
MAX_NAMES = 100


def progress(run: BulkRun) -> dict[str, Any]:
    """Return how far a run is, and what it skipped and failed."""
    counts = bulk.counts(run)
    ended = run.total - counts[BulkItemStatus.WAITING] - counts[BulkItemStatus.RUNNING]
    items = reverse("admin:portal_bulkitem_changelist") + f"?run__id__exact={run.pk}"
    return {
        "run": run,
        "counts": [
            (status.label, counts[status], TONES[status], f"{items}&status__exact={status}")
            for status in BulkItemStatus
            if counts[status]
        ],
        "ended": ended,
        "tone": "wait" if run.waiting_for else ("bad" if counts["failed"] else "good"),
        "every": 0 if run.finished_at else REFRESH_SECONDS,
        "answers": _answers(run),
        "current": _of_status(run, BulkItemStatus.RUNNING).first(),
        "skipped": _by_reason(run),
        "failed": _of_status(run, BulkItemStatus.FAILED)[:MAX_NAMES],
        "all_items": items,
        "left": counts["failed"] + counts["cancelled"],
    }


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
