"""How the fleet's synchronization does: now, by condition, and over time, by samples."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    Sum,
    TextChoices,
    Value,
    When,
)

from connect.health import states
from connect.models import Connection, Mapping, Stage
from portal.models import FleetSample

# Three looks at a connection were missed by then.
UNSEEN_AFTER = timedelta(minutes=35)
KEEP = timedelta(days=30)
# Few connections are gone, so leaving those out costs less than looking the others up.
_GONE = Connection.objects.filter(pk=OuterRef("connection"), offboarded_at__isnull=False)
HAS_FAILED_ROWS = Q(~Exists(_GONE), rows_failed__gt=0)


class Health(TextChoices):
    """How one live connection does, in the order of what staff look for first."""

    BROKEN = "broken", "Broken"
    UNSEEN = "unseen", "Not seen lately"
    PAUSED = "paused", "Paused"
    BUSY = "busy", "Working"
    WELL = "well", "Healthy"


TONES = {
    Health.BROKEN: "bad",
    Health.UNSEEN: "wait",
    Health.PAUSED: "quiet",
    Health.BUSY: "busy",
    Health.WELL: "good",
}


def condition(health: Health, now: datetime) -> Q:
    """Return what a live connection of this health is known by; each has exactly one."""
    broken, unseen = Q(state__in=states.broken()), ~Q(seen_at__gt=now - UNSEEN_AFTER)
    if health == Health.BROKEN:
        return broken
    if health == Health.UNSEEN:
        return ~broken & unseen
    seen = {Health.PAUSED: Q(state=states.PAUSED), Health.WELL: Q(state=states.IDLE)}
    rest = ~Q(state__in=(states.PAUSED, states.IDLE))
    return ~broken & ~unseen & seen.get(health, rest)


def healths(now: datetime) -> dict[Health, int]:
    """Count the live connections by health, with one query."""
    seen = Case(
        When(seen_at__gt=now - UNSEEN_AFTER, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    live = Connection.objects.filter(stage=Stage.LIVE).order_by()
    counts: Counter[Health] = Counter()
    for state, is_seen, count in live.values_list("state", seen).annotate(Count("state")):
        counts[_health(state, is_seen=is_seen)] += count
    return {health: counts[health] for health in Health}


def _health(state: str, *, is_seen: bool) -> Health:
    if states.is_broken(state):
        return Health.BROKEN
    if not is_seen:
        return Health.UNSEEN
    return {states.PAUSED: Health.PAUSED, states.IDLE: Health.WELL}.get(state, Health.BUSY)


def rows_failed() -> int:
    """Return how many rows Salesforce refused in all current connections, as last seen."""
    failed = Mapping.objects.filter(HAS_FAILED_ROWS)
    return int(failed.aggregate(rows=Sum("rows_failed"))["rows"] or 0)


def take_sample(now: datetime) -> FleetSample:
    """Keep what the fleet looks like at this moment."""
    counts = {health.value: count for health, count in healths(now).items()}
    return FleetSample.objects.create(at=now, rows_failed=rows_failed(), **counts)


def samples(since: datetime) -> list[FleetSample]:
    """Return what was kept since a moment, oldest first."""
    return list(FleetSample.objects.filter(at__gte=since).order_by("at"))
