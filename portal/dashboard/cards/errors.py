"""Which objects' rows Salesforce refused, over the whole fleet."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from connect.models import Mapping
from portal.dashboard import fleet
from portal.dashboard.cards.links import to_list
from portal.dashboard.charts import Bar, bars

MOST_OBJECTS = 6


def read(user: Any, now: datetime) -> dict[str, Any]:
    """One query."""
    failed = Mapping.objects.filter(fleet.HAS_FAILED_ROWS).order_by()
    by_object = failed.values_list("object_name").annotate(
        rows=Sum("rows_failed"), tenants=Count("connection")
    )
    found = list(by_object.order_by("-rows", "object_name"))
    rows = [
        Bar(
            label=name,
            value=count,
            url=to_list("connect_mapping", failed="yes", object_name=name),
            tone="bad",
            note=f"{tenants} tenant{'' if tenants == 1 else 's'}",
        )
        for name, count, tenants in found[:MOST_OBJECTS]
    ]
    return {
        "rows": sum(count for _, count, _ in found),
        "bars": bars(rows),
        "more": max(0, len(found) - MOST_OBJECTS),
        "url": to_list("connect_mapping", failed="yes"),
    }
