"""Room for further tenants: how much, for how long, and what all add-ons cost."""

from datetime import datetime
from typing import Any

from connect.placement import costs, forecast, rooms
from portal.dashboard.cards.links import to_list
from tenants.batching import Asking, batched


@batched
def read(now: datetime, counted: dict[str, Any] | None = None) -> Asking[dict[str, Any]]:
    """Two queries, or none if it is counted."""
    counts = counted or (yield from _counts(now))
    return {**counts, "counted": counts}


def _counts(now: datetime) -> Asking[dict[str, Any]]:
    annotated = costs.annotated(rooms.annotated()).defer("token")
    hosts, days = yield annotated, forecast.ordered()
    known, fleet = [rooms.of(host) for host in hosts], costs.of(*hosts)
    found = forecast.forecast(known, dict(days), now.date())
    return {
        "forecast": found,
        "full": [room.name for room in known if room.is_open and not room.free],
        "away": sorted({room.database for room in known if room.is_away}),
        "cost": fleet.in_words,
        "idle": fleet.idle,
        "idle_cost": costs.dollars(fleet.idle_cents),
        "url": to_list("connect_hostapp"),
        "idle_url": to_list("connect_connection", cost="idle"),
    }
