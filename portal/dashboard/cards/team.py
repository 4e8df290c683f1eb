"""Who did what lately, and what the worker still does of it."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from portal.models import AuditEntry, AuditKind, BulkRun
from portal.outcomes import OPEN

MAX_PRESSES = 8
MAX_RUNS = 5


def read(now: datetime) -> dict[str, Any]:
    """Two queries. Where from somebody pressed is for those who may read the audit trail."""
    ended = Count("items", filter=~Q(items__status__in=OPEN))
    runs = BulkRun.objects.filter(finished_at=None).annotate(ended=ended)
    presses = AuditEntry.objects.filter(kind=AuditKind.PRESSED).order_by("-at")
    return {"runs": runs.order_by("-pk")[:MAX_RUNS], "presses": presses[:MAX_PRESSES]}
