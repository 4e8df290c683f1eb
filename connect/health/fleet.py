"""All live connections together: their conditions over time, and those that need a look first."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from connect.health import conditions
from connect.models import Condition, FleetCondition, Health
from tenants.batching import Asking, batched, together

QUARTER = timedelta(minutes=15)
KEEP = timedelta(days=30)
# A paused connection does not sync on purpose, so nobody has to look at it.
_CALM = (Condition.HEALTHY, Condition.WORKING, Condition.PAUSED)
_NOT_CALM = tuple(each for each in Condition if each not in _CALM)


def record(now: datetime | None = None) -> None:
    """Write down how many live connections are in each condition. Runs with each refresh.

    Runs within one quarter of an hour correct its numbers, so the last one counts.
    """
    now = now or timezone.now()
    (counted,) = together(conditions.counts.asking(now))
    store(counted, [now])


def store(counted: dict[Condition, int], moments: Iterable[datetime]) -> None:
    """Store these numbers for the quarter of an hour of each moment."""
    quarters = {quarter(each) for each in moments}
    FleetCondition.objects.bulk_create(
        [
            FleetCondition(at=at, condition=each, connections=number)
            for at in quarters
            for each, number in counted.items()
        ],
        update_conflicts=True,
        unique_fields=["at", "condition"],
        update_fields=["connections"],
    )


@batched
def since(moment: datetime) -> Asking[dict[datetime, dict[Condition, int]]]:
    """Return the numbers of each quarter of an hour that was recorded, with one query."""
    found: dict[datetime, dict[Condition, int]] = defaultdict(dict)
    rows = FleetCondition.objects.filter(at__gte=moment).order_by("at")
    (recorded,) = yield [rows.values_list("at", "condition", "connections")]
    for at, condition, connections in recorded:
        found[at][Condition(condition)] = connections
    return dict(found)


def prune() -> int:
    """Delete old numbers; return how many rows went. Runs daily."""
    return FleetCondition.objects.filter(at__lt=timezone.now() - KEEP).delete()[0]


def quarter(moment: datetime) -> datetime:
    """Return the beginning of a moment's quarter of an hour."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


@batched
def longest_without_good_sync(limit: int) -> Asking[list[Health]]:
    """Return the live connections whose last good sync lies furthest back."""
    rows = Health.objects.filter(conditions.is_live(), pk__in=conditions.noted_keys(*_NOT_CALM))
    found = rows.select_related("connection__tenant").order_by(F("good_at").asc(nulls_first=True))
    (longest,) = yield [found[:limit]]
    return list(longest)
