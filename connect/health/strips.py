"""How a connection was over the last day and the last month, an hour or a day at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Sum
from django.db.models.functions import TruncDay, TruncHour
from django.utils.timezone import localtime

from connect.models import Connection

HOURS, DAYS = 24, 30


class Seen(StrEnum):
    """The worst that was seen in a slot; nothing counts while a connection is paused."""

    WELL = "well"
    DEGRADED = "degraded"
    DOWN = "down"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Slot:
    """An hour or a day, which begins at `at`."""

    at: datetime
    seen: Seen


def day(connection: Connection, now: datetime) -> list[Slot]:
    """Return the last 24 hours, the oldest first. One query."""
    this = localtime(now).replace(minute=0, second=0, microsecond=0)
    starts = [this - timedelta(hours=HOURS - 1 - number) for number in range(HOURS)]
    return _slots(connection, starts, TruncHour)


def month(connection: Connection, now: datetime) -> list[Slot]:
    """Return the last 30 days in the current time zone, the oldest first. One query."""
    today = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    return _slots(connection, starts, TruncDay)


def _slots(
    connection: Connection, starts: Sequence[datetime], truncate: type[TruncHour] | type[TruncDay]
) -> list[Slot]:
    rows = (
        connection.samples.filter(at__gte=starts[0])
        .order_by()
        .annotate(slot=truncate("at"))
        .values_list("slot")
        .annotate(all=Sum("seconds"), up=Sum("seconds_up"), degraded=Sum("seconds_degraded"))
    )
    found = {slot: _worst(every, up, degraded) for slot, every, up, degraded in rows}
    return [Slot(start, found.get(start, Seen.NOTHING)) for start in starts]


def _worst(seconds: int, up: int, degraded: int) -> Seen:
    if not seconds:
        return Seen.NOTHING
    if up + degraded < seconds:
        return Seen.DOWN
    return Seen.DEGRADED if degraded else Seen.WELL
