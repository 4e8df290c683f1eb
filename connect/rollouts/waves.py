"""Which tenants of a roll-out may be worked on: the worker's part of connect.rollouts.lifecycle."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from connect.clients import heroku
from connect.models import OPEN, Connection, ItemStatus, Rollout, RolloutItem, RolloutStatus
from connect.rollouts.lifecycle import move, note, tenants
from connect.runner import lease
from tenants import limits, messages, timeline
from tenants.models import Switch, SwitchName

CALLS_A_RUN = 2  # to Heroku Connect, on an average, each time that a tenant is worked on
MOST_AT_ONCE = 25  # tenants queued by one pulse of the worker
BUCKET = "mapping-calls"
_CHECKED_IN = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)


def due(now: datetime) -> Q:
    """Match the items that may be worked on now; who was begun is brought to an end in any case."""
    checking = Q(status=ItemStatus.CHECKING, rollout__status__in=_CHECKED_IN)
    begun = Q(status=ItemStatus.WORKING)
    next_ones = Q(
        status=ItemStatus.READY,
        rollout__status=RolloutStatus.RUNNING,
        wave__lte=F("rollout__wave"),
    )
    return Q(next_attempt_at__lte=now) & (checking | begun | next_ones)


def take_due(again_after: timedelta) -> list[int]:
    """Return the ids of items to be worked on now, marked so that they come up once.

    None while provisioning is switched off, while Heroku's last calls are kept for provisioning, or
    when the hour's calls for mappings are used up: then everything waits where it is.
    """
    for rollout_id in _moving():
        settle(rollout_id)
    with transaction.atomic():
        ids = _due_ids(again_after)
        if not ids or not _may_call(len(ids) * CALLS_A_RUN):
            return []
        RolloutItem.objects.filter(pk__in=ids).update(queued_at=timezone.now())
    return ids


def _moving() -> list[int]:
    status = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)
    return list(Rollout.objects.filter(status__in=status).values_list("pk", flat=True))


def _due_ids(again_after: timedelta) -> list[int]:
    now = timezone.now()
    unqueued = Q(queued_at=None) | Q(queued_at__lte=now - again_after)
    free = Connection.objects.filter(lease.free(now), pk=OuterRef("connection"))
    items = RolloutItem.objects.filter(due(now) & unqueued, Exists(free))
    locked = items.select_for_update(skip_locked=True, of=("self",)).order_by("next_attempt_at")
    return list(locked.values_list("pk", flat=True)[:MOST_AT_ONCE])


def _may_call(calls: int) -> bool:
    if Switch.is_off(SwitchName.PROVISIONING):
        return False
    if not heroku.budget_allows(heroku.Priority.BACKGROUND):
        return False
    per_hour = settings.MAPPING_CALLS_PER_HOUR
    return limits.take(BUCKET, per_hour, timezone.now(), calls) == 0


def settle(rollout_id: int) -> None:
    """Move a roll-out on where its tenants allow it: to ready, the next wave, a pause, the end."""
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update(skip_locked=True).filter(pk=rollout_id).first()
        if rollout is None:
            return
        if rollout.status == RolloutStatus.CHECKING:
            _settle_checked(rollout)
        elif rollout.status == RolloutStatus.RUNNING:
            _settle_wave(rollout)


def _settle_checked(rollout: Rollout) -> None:
    counts = _counts(rollout)
    if counts.get(ItemStatus.CHECKING):
        return
    ready, refused = counts.get(ItemStatus.READY, 0), counts.get(ItemStatus.REFUSED, 0)
    text = f"Checked: {tenants(ready)} can be sent to, {refused} refused."
    now = timezone.now()
    if not ready:
        move(rollout, RolloutStatus.DONE, timeline.PORTAL, text, finished_at=now)
    elif rollout.starts_itself:
        move(rollout, RolloutStatus.RUNNING, timeline.PORTAL, f"{text} Started.", started_at=now)
    else:
        move(rollout, RolloutStatus.READY, timeline.PORTAL, text)


def _settle_wave(rollout: Rollout) -> None:
    wave = list(
        rollout.items.filter(wave=rollout.wave)
        .exclude(status=ItemStatus.REFUSED)
        .values_list("status", "excused")
    )
    failed = sum(status == ItemStatus.FAILED and not excused for status, excused in wave)
    if wave and failed * 100 > rollout.failure_limit * len(wave):
        pause_itself(
            rollout,
            f"{failed} of {len(wave)} tenants of wave {rollout.wave} failed, more than "
            f"{rollout.failure_limit} %.",
        )
        return
    if rollout.items.filter(status__in=OPEN, wave__lte=rollout.wave).exists():
        return
    later = rollout.items.filter(status__in=OPEN, wave__gt=rollout.wave)
    following = later.order_by("wave").values_list("wave", flat=True).first()
    if following is None:
        counts = _counts(rollout)
        text = f"Done: {counts.get(ItemStatus.DONE, 0)} of {tenants(sum(counts.values()))}."
        move(rollout, RolloutStatus.DONE, timeline.PORTAL, text, finished_at=timezone.now())
        return
    held = rollout.hold_after_canary and rollout.canary_size and rollout.wave == 0
    Rollout.objects.filter(pk=rollout.pk).update(wave=following)
    rollout.wave = following
    if held:
        pause_itself(rollout, "The canary group has ended: look at it, then resume.")
    else:
        note(rollout, timeline.PORTAL, f"Wave {following} begins.")


def pause_itself(rollout: Rollout, reason: str) -> None:
    """Pause a roll-out whose row the caller has locked, and tell staff."""
    move(rollout, RolloutStatus.PAUSED, timeline.PORTAL, reason, pause_reason=reason)
    messages.alert_staff(
        None,
        key=f"rollout-paused:{rollout.pk}:{timezone.now():%Y%m%d%H%M%S}",
        subject=f"Roll-out {rollout.pk} has paused itself",
        text=f"{rollout}. {reason}",
    )


def _counts(rollout: Rollout) -> dict[str, int]:
    return tally(rollout.items.values_list("status", flat=True))


def tally(statuses: Iterable[str]) -> dict[str, int]:
    """Count how many items are in each status."""
    counts: dict[str, int] = {}
    for status in statuses:
        counts[status] = counts.get(status, 0) + 1
    return counts


def time_left(finished: list[datetime], remaining: int) -> timedelta | None:
    """Return how long the rest takes at the pace of the last ones that finished, if it can be told.

    `finished` holds when the last tenants ended, in any order.
    """
    if remaining == 0:
        return timedelta()
    if len(finished) < 2:
        return None
    span = max(finished) - min(finished)
    seconds = span.total_seconds() / (len(finished) - 1) * remaining
    return timedelta(seconds=math.ceil(seconds))
