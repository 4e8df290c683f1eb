"""What the queue runs on this floor."""

from datetime import UTC, timedelta

from django.conf import settings
from django.utils import timezone

from social import collection
from social.asking import TIME_IS_UP
from social.models import CollectionRun, Handle, Outcome, Post, Search, Trigger
from tenants.queue import enqueue

SECONDS = 90.0  # of the 120 that a task may take
RECOUNT_HOUR = 23  # UTC: X bills a post once in a UTC day, so the last look of the day is free
POSTS_KEPT = timedelta(days=8)  # a tenant that was paused for a week still gets what it missed
RUNS_KEPT = timedelta(days=30)
HANDLES_KEPT = timedelta(days=30)
SEARCHES_KEPT = timedelta(days=7)


def collect(trigger: str = Trigger.SCHEDULE.value, actor: str = "portal") -> str:
    """Collect posts, as scheduled or for a member of staff; the answer is the task's result."""
    try:
        run = collection.collect(Trigger(trigger), actor, recount=_is_recount(), seconds=SECONDS)
    except collection.NotCollecting as reason:
        return str(reason)
    if TIME_IS_UP in run.note:
        enqueue(collect, trigger, actor)
    return f"{run}: {run.get_outcome_display().lower()}. {run.note}".strip()


def _is_recount() -> bool:
    """Whether it is late in X's day, and today's posts have not been counted again yet."""
    now = timezone.now().astimezone(UTC)
    if not settings.X_UPDATE_COUNTS or now.hour < RECOUNT_HOUR:
        return False
    done = CollectionRun.objects.filter(recount=True, outcome=Outcome.DONE)
    return not done.filter(started_at__date=now.date()).exists()


def prune() -> None:
    """Remove what has served its time: daily."""
    now = timezone.now()
    Post.objects.filter(seen_at__lt=now - POSTS_KEPT).delete()
    CollectionRun.objects.exclude(outcome=Outcome.RUNNING).filter(
        started_at__lt=now - RUNS_KEPT
    ).delete()
    Search.objects.filter(begun_at__lt=now - SEARCHES_KEPT).delete()
    Handle.objects.filter(asked_at__lt=now - HANDLES_KEPT).delete()
