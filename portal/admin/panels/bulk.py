"""How far a bulk run is: its bar, its counts, and who was skipped or failed and why."""

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse

from connect.models import SchemaFate
from connect.operations.base import in_words
from portal import bulk, show
from portal.models import BulkRun, ItemStatus

TONES = {
    ItemStatus.WAITING: show.QUIET,
    ItemStatus.RUNNING: show.BUSY,
    ItemStatus.DONE: show.GOOD,
    ItemStatus.SKIPPED: show.QUIET,
    ItemStatus.FAILED: show.BAD,
    ItemStatus.CANCELLED: show.WAIT,
}
REFRESH_SECONDS = 1  # while it runs
MAX_REASONS = 20
MAX_NAMES = 100


def progress(run: BulkRun) -> dict[str, Any]:
    """Return how far a run is, and what it skipped and failed."""
    counts = bulk.counts(run)
    ended = run.total - counts[ItemStatus.WAITING] - counts[ItemStatus.RUNNING]
    items = reverse("admin:portal_bulkitem_changelist") + f"?run__id__exact={run.pk}"
    return {
        "run": run,
        "counts": [
            (status.label, counts[status], TONES[status], f"{items}&status__exact={status}")
            for status in ItemStatus
            if counts[status]
        ],
        "ended": ended,
        "tone": "wait" if run.waiting_for else ("bad" if counts["failed"] else "good"),
        "every": 0 if run.finished_at else REFRESH_SECONDS,
        "answers": _answers(run),
        "in_hand": run.items.filter(status=ItemStatus.RUNNING).select_related("tenant").first(),
        "skipped": _by_reason(run),
        "failed": run.items.filter(status=ItemStatus.FAILED).select_related("tenant")[:MAX_NAMES],
        "all_items": items,
        "left": counts["failed"] + counts["cancelled"],
    }


def _answers(run: BulkRun) -> list[tuple[str, str]]:
    """Return the answers of the action's form, as text."""
    words = []
    if "until" in run.options:
        words.append(("Until", in_words(datetime.fromisoformat(run.options["until"]))))
    if "note" in run.options:
        words.append(("Why", str(run.options["note"])))
    if "schema_fate" in run.options:
        words.append(("Schema", SchemaFate(run.options["schema_fate"]).label))
    return words


def _by_reason(run: BulkRun) -> list[dict[str, Any]]:
    """Return the reasons for skipped tenants with their counts, the most frequent first."""
    skipped = run.items.filter(status=ItemStatus.SKIPPED).order_by()
    reasons = skipped.values("text").annotate(tenants=Count("pk")).order_by("-tenants", "text")
    return [dict(row) for row in reasons[:MAX_REASONS]]
