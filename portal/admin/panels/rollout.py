"""What a roll-out's page shows: progress, waves, tenants and timeline."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Value, When
from django.utils import timezone

from connect import holds
from connect.clients import budget
from connect.models import (
    OPEN_STATUSES,
    Rollout,
    RolloutItemStatus,
    RolloutStatus,
)
from connect.rollouts import approval, outcome, pace
from portal import show
from portal.admin.panels import rollout_rows
from portal.dashboard.split_bar import SplitBar

MAX_SHOWN = 100
PACE = 200  # the time left is estimated from this many of the last tenants
TONES = {
    RolloutStatus.CHECKING: show.BUSY,
    RolloutStatus.READY: show.WAIT,
    RolloutStatus.RUNNING: show.BUSY,
    RolloutStatus.PAUSED: show.WAIT,
    RolloutStatus.CANCELLED: show.MUTED,
    RolloutStatus.DONE: show.GOOD,
    RolloutStatus.ENDED: show.BAD,
    RolloutStatus.REFUSED: show.BAD,
}
# Problems come first.
_ORDER = ("failed", "refused", "working", "checking", "ready", "done", "skipped")


def status_badge(rollout: Rollout) -> str:
    """Return a roll-out's status as a coloured word."""
    return show.badge(rollout.get_status_display(), TONES[RolloutStatus(rollout.status)])


def bar(label: str, counts: outcome.Counts) -> SplitBar:
    """Return how far a roll-out or a wave is. `counts` holds its tenants by status."""
    ended = {status.value: counts.get(status, 0) for status in outcome.ENDED}
    tones = {status.value: rollout_rows.TONES[status] for status in outcome.ENDED}
    return SplitBar(label, ended, sum(counts.values()), tones)


def context(rollout: Rollout) -> dict[str, Any]:
    """Return the page's data, with a fixed number of queries."""
    items = rollout.items.order_by()
    waves = _counts_by_wave(rollout)
    counts = sum(waves.values(), Counter())
    to_do = sum(counts[status] for status in OPEN_STATUSES)
    whens = [When(status=status, then=Value(place)) for place, status in enumerate(_ORDER)]
    first = items.annotate(place=Case(*whens, output_field=IntegerField()))
    running = rollout.status == RolloutStatus.RUNNING
    return {
        "rollout": rollout,
        "badge": status_badge(rollout),
        "tone": TONES[RolloutStatus(rollout.status)],
        "bar": bar(str(rollout), counts),
        "counts": [(RolloutItemStatus(s).label, s, counts[s]) for s in _ORDER if counts[s]],
        "total": counts.total(),
        "left": pace.time_left(_pace(rollout), to_do) if running else None,
        "awaits_second": rollout.started_at is None
        and rollout.finished_at is None
        and approval.is_needed(rollout, counts.total()),
        "holds": holds.of_rollout(rollout, timezone.now()),
        "budget": budget.left(timezone.now(), budget.CONNECT),
        "waves": [(wave, bar(f"Wave {wave}", counts)) for wave, counts in sorted(waves.items())],
        "items": rollout_rows.of(first.order_by("place", "wave", "pk")[:MAX_SHOWN]),
        "most_shown": MAX_SHOWN,
        "events": rollout.events.all()[:MAX_SHOWN],
        "rolled_back_by": [(each, status_badge(each)) for each in rollout.rolled_back_by.all()],
    }


def _counts_by_wave(rollout: Rollout) -> dict[int, Counter[str]]:
    rows = rollout.items.order_by().values_list("wave", "status").annotate(Count("pk"))
    waves: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for wave, status, count in rows:
        waves[wave][status] = count
    return waves


def _pace(rollout: Rollout) -> list[datetime]:
    """Return when the last tenants ended."""
    ended = rollout.items.filter(status__in=[RolloutItemStatus.DONE, RolloutItemStatus.FAILED])
    times = ended.order_by(F("finished_at").desc()).values_list("finished_at", flat=True)
    return [time for time in times[:PACE] if time]
