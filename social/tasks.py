"""What the queue runs on this floor."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from social import collection, switches
from social.models import CollectionRun, Handle, Post, RunOutcome, Search, Trigger
from tenants import sweeps
from tenants.queue import enqueue

SECONDS = 90.0  # of the 120 that a task may take
RECOUNT_HOUR = 23  # UTC: X bills a post once a UTC day, so a second search on that day is free
POSTS_KEPT = timedelta(days=8)  # a tenant that was paused for a week still gets the missed posts
RUNS_KEPT = timedelta(days=30)
HANDLES_KEPT = timedelta(days=30)
# X's window is seven days, so an older search cannot be continued.
SEARCHES_KEPT = timedelta(days=7)


def collect(trigger: str = Trigger.SCHEDULE.value, actor: str = "portal") -> str:
    """Collect posts, as scheduled. The returned text is the task's result.

    Older versions queued it with arguments too.
    """
    return _collect(Trigger(trigger), actor)


def run(trigger: Trigger, actor: str, stopped: CollectionRun | None = None) -> CollectionRun:
    """Collect posts for about one task's time; the rest is queued. Raises CollectionRefused.

    `stopped` is the run that this one continues, unless another has done so.
    """
    collected = collection.collect(
        trigger, actor, recount=_is_recount(), seconds=SECONDS, stopped=stopped
    )
    if collected.next_attempt_at:
        queue_due()
    return collected


def go_on(run_id: int) -> str:
    """Continue a run that stopped early; nothing, if that was done already."""
    stopped = CollectionRun.objects.filter(pk=run_id).first()
    if stopped is None:
        return "The run is not kept any more."
    return _collect(Trigger(stopped.trigger), stopped.actor, stopped)


def _collect(trigger: Trigger, actor: str, stopped: CollectionRun | None = None) -> str:
    try:
        return text_of(run(trigger, actor, stopped))
    except collection.CollectionRefused as reason:
        return str(reason)


def queue_due(again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Queue the continuation of a run that stopped early; return how many were queued."""
    if collection.refusal():
        return 0
    with transaction.atomic():
        ids = sweeps.mark_queued(CollectionRun.objects.all(), 1, again_after)
        for run_id in ids:
            enqueue(go_on, run_id)
    return len(ids)


def _due(again_after: timedelta) -> QuerySet[Any, Any] | None:
    if not settings.X_BEARER_TOKEN:
        return None
    return sweeps.due(CollectionRun.objects.filter(switches.SOCIAL_JOB.is_on()), again_after)


def _oldest(now: datetime) -> QuerySet[Any, Any] | None:
    if not settings.X_BEARER_TOKEN:
        return None
    return sweeps.oldest(CollectionRun.objects.filter(switches.SOCIAL_JOB.is_on()), now)


def text_of(collected: CollectionRun) -> str:
    """Return how a run ended, as a sentence."""
    return f"{collected}: {collected.get_outcome_display().lower()}. {collected.note}".strip()


def _is_recount() -> bool:
    """Whether today's posts should be recounted now: late in the UTC day, once."""
    now = timezone.now().astimezone(UTC)
    if not settings.X_UPDATE_COUNTS or now.hour < RECOUNT_HOUR:
        return False
    # All its searches: a tenant that could not get its posts gets them from the next run.
    done = CollectionRun.objects.filter(recount=True, searches_done=F("searches")).exclude(
        outcome__in=[RunOutcome.FAILED, RunOutcome.RUNNING, RunOutcome.INTERRUPTED]
    )
    return not done.filter(started_at__date=now.date()).exists()


def prune() -> None:
    """Delete expired rows; runs daily."""
    now = timezone.now()
    Post.objects.filter(seen_at__lt=now - POSTS_KEPT).delete()
    CollectionRun.objects.exclude(outcome=RunOutcome.RUNNING).filter(
        started_at__lt=now - RUNS_KEPT
    ).delete()
    Search.objects.filter(begun_at__lt=now - SEARCHES_KEPT).delete()
    Handle.objects.filter(asked_at__lt=now - HANDLES_KEPT).delete()


sweeps.register(sweeps.Sweep("collections", (go_on,), _due, queue_due, _oldest))
