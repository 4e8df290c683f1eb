"""For how long the room lasts at the recent rate of registrations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from connect.models import AddonDay
from connect.placement.choose import Room

WINDOW = 28  # days whose orders make the rate
MIN_AGE = 7  # days that a younger portal counts as old: one busy day makes no rate
SCARCE = 30  # days; with less, staff are notified


@dataclass(frozen=True)
class Forecast:
    """`free` add-ons still fit; `per_day` were ordered lately; None: none were."""

    free: int
    per_day: float
    days: float | None

    @property
    def is_scarce(self) -> bool:
        """Whether less than a month of registrations fits, or nothing at all."""
        return not self.free or (self.days is not None and self.days < SCARCE)

    @property
    def in_words(self) -> str:
        """The forecast as a sentence."""
        if not self.free:
            return "There is no room for another tenant."
        room = f"Room for {self.free:,} more"
        if self.days is None:
            return f"{room}; none was ordered in the last {WINDOW} days."
        return f"{room}, about {self.days:,.0f} days at {self.per_day:,.1f} a day."


def forecast(rooms: Iterable[Room], ordered: Mapping[date, int], today: date) -> Forecast:
    """Return how long the room of the open host apps lasts. `ordered` holds the orders by day."""
    free = sum(room.free for room in rooms if room.is_open and not room.is_away)
    since = today - timedelta(days=WINDOW)
    lately = {day: count for day, count in ordered.items() if since < day <= today}
    age = (today - min(ordered, default=today)).days + 1
    per_day = sum(lately.values()) / min(max(age, MIN_AGE), WINDOW)
    return Forecast(free, per_day, free / per_day if per_day else None)


def read(rooms: Iterable[Room], now: datetime) -> Forecast:
    """Return the forecast of these rooms: one query."""
    return forecast(rooms, dict(ordered()), now.date())


def ordered() -> QuerySet[Any, Any]:
    """Return how many add-ons were ordered on each of the last days."""
    days: QuerySet[Any, Any] = AddonDay.objects.order_by("-day").values_list("day", "ordered")
    return days[: WINDOW + 1]
