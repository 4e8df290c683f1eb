"""What Salesforce refused to take from the tenants' tables, by cause."""

from datetime import datetime
from typing import Any

from connect.formats import counted
from connect.write_errors import counts
from portal.dashboard import charts
from portal.dashboard.cards.links import to_list
from portal.dashboard.charts import Bar
from tenants.batching import Asking, batched, gather

MAX_CAUSES = 6


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Two queries."""
    return (yield from with_causes(MAX_CAUSES))


def with_causes(limit: int) -> Asking[dict[str, Any]]:
    """Return the total, and a chart of the causes with the most failed writes."""
    asked = counts.by_cause.asking(limit), counts.total.asking()
    causes, total = yield from gather(*asked)
    return {
        "total": total,
        "chart": charts.rows("Failed writes by cause", [_bar(each) for each in causes]),
        "url": to_list("connect_writeerror"),
    }


def _bar(cause: dict[str, Any]) -> Bar:
    return Bar(
        label=cause["cause"],
        value=cause["failed"],
        url=to_list("connect_writeerror", cause__exact=cause["cause"]),
        tone="bad",
        note=counted(cause["tenants"], "tenant"),
        shown=counted(cause["failed"], "write"),
    )
