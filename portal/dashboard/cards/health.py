"""How many live connections are in which condition, now and in the last day."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from connect.health import conditions, fleet
from connect.models import Condition, Health
from portal import show
from portal.dashboard.areas import Chart, Series, stacked
from portal.dashboard.cards.links import connections
from tenants.batching import Asking, batched, gather

SPAN = timedelta(hours=24)
MAX_UNSYNCED = 5
# The healthy many would flatten the others to a line.
NOT_HEALTHY = [each for each in Condition if each != Condition.HEALTHY]
# By condition, and those that have been without a good sync for the longest time.
Counted = tuple[dict[Condition, int], list[Health]]


@batched
def read(now: datetime, counted: Counted | None = None) -> Asking[dict[str, Any]]:
    """Five queries, or one if it is counted."""
    found, drawn = yield from gather(_counts(now, counted), chart.asking(now))
    counts, unsynced = found
    live, healthy = sum(counts.values()), counts[Condition.HEALTHY]
    return {
        "live": live,
        "healthy": healthy,
        "percent": _percent(healthy, live),
        "healthy_url": connections(condition=Condition.HEALTHY.value),
        "parts": [
            (show.look(each), counts[each], connections(condition=each.value))
            for each in NOT_HEALTHY
        ],
        "chart": drawn,
        "unsynced": unsynced,
        "counted": found,
    }


def _counts(now: datetime, counted: Counted | None) -> Asking[Counted]:
    if counted:
        return counted
    longest = fleet.longest_without_good_sync.asking(MAX_UNSYNCED)
    counts, unsynced = yield from gather(conditions.counts.asking(now), longest)
    return counts, unsynced


@batched
def chart(now: datetime) -> Asking[Chart | None]:
    """Draw the conditions that are not healthy, the worst at the bottom; None without a past."""
    last = fleet.quarter(now)
    quarters = [last - fleet.QUARTER * back for back in range(SPAN // fleet.QUARTER, -1, -1)]
    recorded = yield from fleet.since.asking(quarters[0])
    # One point shows no change over time.
    if len(recorded) < 2:
        return None
    if last not in recorded:  # this quarter has just begun
        quarters.pop()
    worst_first = sorted(map(show.look, NOT_HEALTHY), key=lambda look: look.order, reverse=True)
    return stacked(
        [f"{localtime(quarter):%H:%M}" for quarter in quarters],
        [_series(look, quarters, recorded) for look in worst_first],
        unit="connections",
    )


def _series(
    look: show.Look,
    quarters: list[datetime],
    recorded: dict[datetime, dict[Condition, int]],
) -> Series:
    counted = (recorded.get(quarter) for quarter in quarters)
    values = [None if found is None else found.get(look.condition, 0) for found in counted]
    return Series(look.label, look.tone, values)


def _percent(part: int, whole: int) -> str:
    """Return e.g. "97.3 %"; less than all is never rounded up to 100."""
    if not whole:
        return ""
    return f"{min(100 * part / whole, 99.9 if part < whole else 100):.1f} %"
