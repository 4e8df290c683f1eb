"""What moves a roll-out without staff: from the check to ready, from wave to wave, to its end."""

from collections import Counter

from django.db import transaction
from django.utils import timezone

from connect.formats import counted
from connect.health import alerts
from connect.models import OPEN_STATUSES, Rollout, RolloutItemStatus, RolloutStatus
from connect.rollouts import outcome
from connect.rollouts.status import add_event, set_status
from tenants import timeline

# The reason of a pause that staff planned; every other automatic one is a trouble.
HELD_AFTER_CANARY = "The canary group has ended. Check it, then resume."
# Those that staff do not hold up.
MOVING = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)


def advance_all() -> None:
    """Move every roll-out on that is not held up by staff."""
    for rollout_id in Rollout.objects.filter(status__in=MOVING).values_list("pk", flat=True):
        advance_rollout(rollout_id)


def advance_rollout(rollout_id: int) -> None:
    """Update a roll-out from the status of its items: ready, next wave, pause or done."""
    with transaction.atomic():
        # If it is locked, another worker or staff change it: the next pulse comes in a second.
        rollout = Rollout.objects.select_for_update(skip_locked=True).filter(pk=rollout_id).first()
        if rollout is None:
            return
        if rollout.status == RolloutStatus.CHECKING:
            _advance_check(rollout)
        elif rollout.status == RolloutStatus.RUNNING:
            _advance_wave(rollout)


def _advance_check(rollout: Rollout) -> None:
    counts = _counts(rollout)
    if counts[RolloutItemStatus.CHECKING]:
        return
    ready, refused = counts[RolloutItemStatus.READY], counts[RolloutItemStatus.REFUSED]
    text = f"Checked: {counted(ready, 'tenant')} passed, {refused} refused."
    now = timezone.now()
    if not ready:
        _end(rollout)
    elif rollout.starts_itself:
        set_status(
            rollout, RolloutStatus.RUNNING, timeline.PORTAL, f"{text} Started.", started_at=now
        )
    else:
        set_status(rollout, RolloutStatus.READY, timeline.PORTAL, text)


def _advance_wave(rollout: Rollout) -> None:
    # The limit first: a wave that fails must not finish before it stops the roll-out.
    failed, total = _failures(rollout)
    if total and failed * 100 > rollout.failure_limit * total:
        pause_automatically(
            rollout,
            f"{failed} of {total} tenants of wave {rollout.wave} failed, more than "
            f"{rollout.failure_limit} %.",
        )
    elif not rollout.items.filter(status__in=OPEN_STATUSES, wave__lte=rollout.wave).exists():
        _begin_next_wave(rollout)


def _failures(rollout: Rollout) -> tuple[int, int]:
    """Return how many tenants of the wave failed, and how many there are."""
    # Refused tenants were never sent to, so they say nothing about the version.
    wave = list(
        rollout.items.filter(wave=rollout.wave)
        .exclude(status=RolloutItemStatus.REFUSED)
        .values_list("status", "excused")
    )
    failed = sum(status == RolloutItemStatus.FAILED and not excused for status, excused in wave)
    return failed, len(wave)


def _begin_next_wave(rollout: Rollout) -> None:
    later = rollout.items.filter(status__in=OPEN_STATUSES, wave__gt=rollout.wave)
    # Not just the next number: a wave whose tenants were all refused is passed over.
    wave = later.order_by("wave").values_list("wave", flat=True).first()
    if wave is None:
        _end(rollout)
        return
    # Judged before the wave moves on, because wave 0 is the canary group only then.
    held = rollout.hold_after_canary and rollout.canary_size and rollout.wave == 0
    Rollout.objects.filter(pk=rollout.pk).update(wave=wave)
    rollout.wave = wave
    if held:
        pause_automatically(rollout, HELD_AFTER_CANARY)
    else:
        add_event(rollout, timeline.PORTAL, f"Wave {wave} begins.")


def _end(rollout: Rollout) -> None:
    counts = _counts(rollout)
    status = outcome.final_status(counts)
    verb = "Done" if status == RolloutStatus.DONE else "Ended"
    text = f"{verb}: {outcome.words(counts)}."
    set_status(rollout, status, timeline.PORTAL, text, finished_at=timezone.now())


def pause_automatically(rollout: Rollout, reason: str) -> None:
    """Pause a roll-out whose row the caller has locked, and notify staff."""
    set_status(rollout, RolloutStatus.PAUSED, timeline.PORTAL, reason, pause_reason=reason)
    alerts.notify_paused(rollout, reason)


def _counts(rollout: Rollout) -> Counter[str]:
    return Counter(rollout.items.values_list("status", flat=True))
