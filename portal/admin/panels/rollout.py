"""What a roll-out's page shows: progress, waves, tenants and timeline."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Value, When

from connect.clients import budget
from connect.models import ApiBudget, Rollout, RolloutItemStatus, RolloutStatus
from connect.rollouts import pace
from portal import show

MAX_SHOWN = 100
PACE = 200  # the time left is estimated from this many of the last tenants
TONES = {
    RolloutStatus.CHECKING: show.BUSY,
    RolloutStatus.READY: show.WAIT,
    RolloutStatus.RUNNING: show.BUSY,
    RolloutStatus.PAUSED: show.WAIT,
    RolloutStatus.CANCELLED: show.MUTED,
    RolloutStatus.DONE: show.GOOD,
}
# Problems come first.
_ORDER = ("failed", "refused", "working", "checking", "ready", "done", "skipped")


def status_badge(rollout: Rollout) -> str:
    """Return a roll-out's status as a coloured word."""
    return show.badge(rollout.get_status_display(), TONES[RolloutStatus(rollout.status)])


def context(rollout: Rollout) -> dict[str, Any]:
    """Return the page's data, with a fixed number of queries."""
    items = rollout.items.order_by()
    counts = dict(items.values_list("status").annotate(Count("pk")))
    total = sum(counts.values())
    ended = total - sum(counts.get(each, 0) for each in ("checking", "ready", "working"))
    whens = [When(status=status, then=Value(place)) for place, status in enumerate(_ORDER)]
    first = items.annotate(place=Case(*whens, output_field=IntegerField()))
    running = rollout.status == RolloutStatus.RUNNING
    return {
        "rollout": rollout,
        "badge": status_badge(rollout),
        "counts": [(RolloutItemStatus(s).label, s, counts[s]) for s in _ORDER if counts.get(s)],
        "total": total,
        "ended": ended,
        "left": pace.time_left(_pace(rollout), total - ended) if running else None,
        "budget": _budget(),
        "waves": _waves(rollout),
        "items": first.select_related("connection__tenant").order_by("place", "wave", "pk")[
            :MAX_SHOWN
        ],
        "most_shown": MAX_SHOWN,
        "events": rollout.events.all()[:MAX_SHOWN],
    }


def _pace(rollout: Rollout) -> list[datetime]:
    """Return when the last tenants ended."""
    ended = rollout.items.filter(status__in=[RolloutItemStatus.DONE, RolloutItemStatus.FAILED])
    times = ended.order_by(F("finished_at").desc()).values_list("finished_at", flat=True)
    return [time for time in times[:PACE] if time]


def _waves(rollout: Rollout) -> Iterable[Any]:
    rows = rollout.items.order_by("wave").values("wave")
    return rows.annotate(
        total=Count("pk"),
        done=Count("pk", filter=Q(status=RolloutItemStatus.DONE)),
        failed=Count("pk", filter=Q(status=RolloutItemStatus.FAILED)),
    )


def _budget() -> int | None:
    row = ApiBudget.objects.filter(peer=budget.PEER).first()
    return row.remaining if row else None
