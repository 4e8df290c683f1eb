"""Room for further tenants: how much, for how long, and what all add-ons cost."""

from datetime import datetime
from typing import Any

from connect.placement import costs, forecast, rooms
from portal.dashboard.cards.links import to_list


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Four queries."""
    known = rooms.read()
    found, fleet = forecast.read(known, now), costs.of_fleet()
    return {
        "forecast": found,
        "hosts": len(known),
        "full": [room.name for room in known if room.is_open and not room.free],
        "away": sorted({room.database for room in known if room.is_away}),
        "cost": fleet.in_words,
        "idle": fleet.idle,
        "idle_cost": costs.dollars(fleet.idle_cents),
        "url": to_list("connect_hostapp"),
        "idle_url": to_list("connect_connection", cost="idle"),
    }
