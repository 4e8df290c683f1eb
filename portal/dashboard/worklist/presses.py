"""What was pressed on the rows of the worklist lately, with its outcome."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet

from connect.models import Connection
from portal.models import BulkItem

LATELY = timedelta(days=1)
MAX_SHOWN = 2  # beside a row
MAX_READ = 500  # for one page
Presses = defaultdict[str, list[BulkItem]]


def asked(rows: Iterable[tuple[type[Model], Any]], now: datetime) -> QuerySet[BulkItem]:
    """Return the newest presses on rows, given by model and key: of a connection, its tenant's."""
    rows = list(rows)
    connections = [pk for model, pk in rows if model is Connection]
    tenants = Connection.objects.filter(pk__in=connections).order_by().values("tenant")
    targets = [{model._meta.model_name: pk} for model, pk in rows if model is not Connection]
    wanted = Q(tenant__in=tenants) | Q(tenant=None, target__in=targets)
    items = BulkItem.objects.filter(wanted, run__created_at__gt=now - LATELY)
    return items.select_related("run").order_by("-pk")[:MAX_READ]


def by_name(items: Iterable[BulkItem]) -> Presses:
    """Return the newest of some presses by the name of the row (see keys.py)."""
    found: Presses = defaultdict(list)
    for item in items:
        presses = found[_name(item)]
        if len(presses) < MAX_SHOWN:
            presses.append(item)
    return found


def _name(item: BulkItem) -> str:
    if item.tenant_id:
        return f"tenant-{item.tenant_id}"
    ((model, pk),) = item.target.items()
    return f"{model}-{pk}"
