"""How the fleet's synchronization does now, and did in the last day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from portal.dashboard import fleet
from portal.dashboard.cards.links import connections
from portal.dashboard.charts import Series, stacked
from portal.dashboard.fleet import Health
from portal.models import FleetSample

SPAN = timedelta(hours=24)
NOT_WELL = (Health.BROKEN, Health.UNSEEN, Health.PAUSED, Health.BUSY)
MOST_POINTS = 97  # one in a quarter of an hour


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Two queries."""
    counts = fleet.healths(now)
    live = sum(counts.values())
    samples = thin(fleet.samples(now - SPAN))
    return {
        "live": live,
        "well": counts[Health.WELL],
        "well_percent": _percent(counts[Health.WELL], live),
        "numbers": [
            (health, fleet.TONES[health], counts[health], connections(health=health.value))
            for health in NOT_WELL
        ],
        "chart": chart(samples) if len(samples) > 1 else None,
    }


def chart(samples: Sequence[FleetSample]) -> Any:
    """Draw those that are not well: the healthy many would flatten them to a line."""
    series = [
        Series(health.label, fleet.TONES[health], [getattr(s, health.value) for s in samples])
        for health in NOT_WELL
    ]
    return stacked([f"{sample.at:%H:%M}" for sample in samples], series)


def thin(samples: Sequence[FleetSample]) -> list[FleetSample]:
    """Keep so many points as can be told apart, the newest always."""
    step = -(-len(samples) // MOST_POINTS) or 1
    return list(samples[::-1][::step][::-1])


def _percent(part: int, whole: int) -> str:
    """Return e.g. "97.3 %"; less than all is never rounded up to 100."""
    if not whole:
        return ""
    return f"{min(100 * part / whole, 99.9 if part < whole else 100):.1f} %"
