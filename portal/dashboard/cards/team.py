"""Who did what lately, and what the worker still does of it."""

from datetime import datetime
from typing import Any

from portal import counts
from portal.models import AuditEntry, AuditKind, BulkItem, BulkRun
from portal.outcomes import OPEN
from tenants.batching import Asking, batched

MAX_PRESSES = 8
MAX_RUNS = 5


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Two queries. Where from somebody pressed is for those who may read the audit trail."""
    ended = counts.of(BulkItem.objects.exclude(status__in=OPEN), "run")
    under_way = BulkRun.objects.filter(finished_at=None).annotate(ended=ended).order_by("-pk")
    pressed = AuditEntry.objects.filter(kind=AuditKind.PRESSED).order_by("-at")
    runs, presses = yield under_way[:MAX_RUNS], pressed[:MAX_PRESSES]
    return {"runs": runs, "presses": presses}
