"""How many live connections were not healthy, over 30 days."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from connect.formats import counted, format_time
from connect.health import fleet
from connect.models import Condition
from portal import show
from portal.dashboard.areas import Chart, Series, stacked
from portal.dashboard.cards.health import NOT_HEALTHY
from tenants.batching import Asking, Sql, batched

STEP = timedelta(hours=6)
# Of each step its worst quarter of an hour: an average would hide an outage of an hour.
_WORST = """
WITH counted AS (
  SELECT at, floor(extract(epoch FROM at - %s) / %s)::int AS step, condition, connections,
         sum(connections) OVER (PARTITION BY at) AS unwell
  FROM connect_fleetcondition WHERE at >= %s AND condition <> 'healthy'
)
SELECT DISTINCT ON (step, condition) step, condition, connections, at
FROM counted ORDER BY step, condition, unwell DESC, at
"""
Counts = dict[int, dict[Condition, int]]


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """One query, over rows whose number does not depend on the tenants."""
    start = fleet.quarter(now) - fleet.KEEP
    (rows,) = yield [Sql(_WORST, [start, STEP.total_seconds(), start], 4)]
    worst: Counts = defaultdict(dict)
    for step, condition, connections, _ in rows:
        worst[step][Condition(condition)] = connections
    # One point shows no change over time.
    if len(worst) < 2:
        return {"chart": None}
    times = {step: datetime.fromisoformat(at) for step, _, _, at in rows}
    return {"chart": _chart(start, worst), "said": _said(worst, times)}


def _chart(start: datetime, worst: Counts) -> Chart:
    steps = range(max(worst) + 1)
    worst_first = sorted(map(show.look, NOT_HEALTHY), key=lambda look: look.order, reverse=True)
    return stacked(
        [f"{localtime(start + STEP * step):%-d %b, %H:%M}" for step in steps],
        [
            Series(look.label, look.tone, [_count(worst.get(step), look) for step in steps])
            for look in worst_first
        ],
        unit="connections",
    )


def _count(counts: dict[Condition, int] | None, look: show.Look) -> int | None:
    return None if counts is None else counts.get(look.condition, 0)


def _said(worst: Counts, times: dict[int, datetime]) -> str:
    """Return the chart in a sentence."""
    totals = {step: sum(counts.values()) for step, counts in worst.items()}
    peak = max(totals, key=lambda step: totals[step])
    most, last = totals[peak], totals[max(totals)]
    if not most:
        return "All live connections were healthy all the time."
    return (
        f"At most {counted(most, 'connection')} at once, on {format_time(times[peak])}; "
        f"at most {last:,} in the last hours."
    )
