"""What was pressed on the rows of the worklist lately, with its outcome."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from connect.models import Connection
from portal.models import BulkItem

LATELY = timedelta(days=1)
MAX_SHOWN = 2  # beside a row
MAX_READ = 500  # for one page
Presses = defaultdict[str, list[BulkItem]]


def of_rows(rows: Iterable[Any], now: datetime) -> Presses:
    """Return the newest presses by the name of the row (see keys.py); one query."""
    found: Presses = defaultdict(list)
    tenants: list[int] = []
    targets: list[dict[str, Any]] = []
    for row in rows:
        if isinstance(row, Connection):
            tenants.append(row.tenant_id)
        else:
            targets.append({row._meta.model_name: row.pk})
    if not tenants and not targets:
        return found
    wanted = Q(tenant__in=tenants) | Q(tenant=None, target__in=targets)
    items = BulkItem.objects.filter(wanted, run__created_at__gt=now - LATELY)
    for item in items.select_related("run").order_by("-pk")[:MAX_READ]:
        presses = found[_name(item)]
        if len(presses) < MAX_SHOWN:
            presses.append(item)
    return found


def _name(item: BulkItem) -> str:
    if item.tenant_id:
        return f"tenant-{item.tenant_id}"
    ((model, pk),) = item.target.items()
    return f"{model}-{pk}"
