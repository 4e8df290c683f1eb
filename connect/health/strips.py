"""How a connection was over the last day and the last month, an hour or a day at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Sum
from django.db.models.functions import TruncDay, TruncHour
from django.utils.timezone import localtime

from connect.models import Connection, HealthSample
from tenants.batching import Asking, batched

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


Slots = dict[int, list[Slot]]


def day(connection: Connection, now: datetime) -> list[Slot]:
    """Return the last 24 hours, the oldest first. One query."""
    return of_day([connection], now)[connection.pk]


@batched
def of_day(connections: Iterable[Connection], now: datetime) -> Asking[Slots]:
    """Return the last 24 hours of connections, by their keys. One query."""
    this = localtime(now).replace(minute=0, second=0, microsecond=0)
    starts = [this - timedelta(hours=HOURS - 1 - number) for number in range(HOURS)]
    return (yield from _slots(connections, starts, TruncHour))


@batched
def of_month(connections: Iterable[Connection], now: datetime) -> Asking[Slots]:
    """Return the last 30 days in the current time zone, by their keys. One query."""
    today = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    return (yield from _slots(connections, starts, TruncDay))


def month(connection: Connection, now: datetime) -> list[Slot]:
    """Return the last 30 days in the current time zone, the oldest first. One query."""
    return of_month([connection], now)[connection.pk]


def _slots(
    connections: Iterable[Connection],
    starts: Sequence[datetime],
    truncate: type[TruncHour] | type[TruncDay],
) -> Asking[Slots]:
    keys = [each.pk for each in connections]
    samples = HealthSample.objects.filter(connection__in=keys, at__gte=starts[0]).order_by()
    slots = samples.annotate(slot=truncate("at")).values_list("connection", "slot")
    (rows,) = yield [slots.annotate(Sum("seconds"), Sum("seconds_up"), Sum("seconds_degraded"))]
    found = {(pk, slot): _worst(*seconds) for pk, slot, *seconds in rows}
    return {
        pk: [Slot(start, found.get((pk, start), Seen.NOTHING)) for start in starts] for pk in keys
    }


def _worst(seconds: int, up: int, degraded: int) -> Seen:
    if not seconds:
        return Seen.NOTHING
    if up + degraded < seconds:
        return Seen.DOWN
    return Seen.DEGRADED if degraded else Seen.WELL
