"""What staff may do to a roll-out: start, pause, resume, cancel, retry, roll back.

connect.rollouts.due says which tenants may be worked on, items what is done to each.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from connect.formats import counted
from connect.models import (
    Connection,
    MappingTemplate,
    Prune,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutKind,
    RolloutStatus,
    RolloutStep,
)
from connect.rollouts import approval, warnings
from connect.rollouts.creating import create, eligible
from connect.rollouts.status import (
    TransitionRefused,
    add_event,
    require_status,
    set_status,
)
from connect.runner import patience

_NOT_BEGUN = (RolloutItemStatus.CHECKING, RolloutItemStatus.READY)
NOTHING_TO_RETRY = "it has no failed tenant that can be retried"
RETRIED_FROM = (
    RolloutStatus.RUNNING,
    RolloutStatus.PAUSED,
    RolloutStatus.ENDED,
    RolloutStatus.REFUSED,
)
ROLLED_BACK_FROM = (
    RolloutStatus.PAUSED,
    RolloutStatus.CANCELLED,
    RolloutStatus.DONE,
    RolloutStatus.ENDED,
)


def start(rollout_id: int, actor: str, *, accept_warnings: bool = False) -> Rollout:
    """Let a checked roll-out begin. Raises TransitionRefused.

    Warnings of the check have to be accepted. Deletions from many tenants need a second person.
    """
    with _locked(rollout_id) as rollout:
        require_status(rollout, RolloutStatus.READY)
        approval.require(rollout, actor)
        count = warnings.items(rollout).count()
        if count and not accept_warnings:
            raise TransitionRefused(
                f"The check warns of {counted(count, 'tenant')}: read it and accept the warnings"
            )
        accepted = f" The warnings for {counted(count, 'tenant')} are accepted." if count else ""
        set_status(
            rollout, RolloutStatus.RUNNING, actor, f"Started.{accepted}", started_at=timezone.now()
        )
    return rollout


def pause(rollout_id: int, actor: str) -> Rollout:
    """Begin with no further tenant; those in progress go on to their end.

    Raises TransitionRefused.
    """
    with _locked(rollout_id) as rollout:
        require_status(rollout, RolloutStatus.RUNNING)
        set_status(
            rollout, RolloutStatus.PAUSED, actor, "Paused.", pause_reason=f"Paused by {actor}."
        )
    return rollout


def resume(rollout_id: int, actor: str) -> Rollout:
    """Go on after a pause, despite the failures so far. Raises TransitionRefused."""
    with _locked(rollout_id) as rollout:
        require_status(rollout, RolloutStatus.PAUSED)
        # Without this the same failures would pause it again at once.
        excused = rollout.items.filter(status=RolloutItemStatus.FAILED, excused=False).update(
            excused=True
        )
        text = (
            f" {counted(excused, 'tenant')} that failed are no longer counted." if excused else ""
        )
        set_status(rollout, RolloutStatus.RUNNING, actor, f"Resumed.{text}")
    return rollout


def cancel(rollout_id: int, actor: str) -> Rollout:
    """Skip every tenant that has not begun; those in progress go on to their end.

    Raises TransitionRefused.
    """
    with _locked(rollout_id) as rollout:
        require_status(
            rollout,
            RolloutStatus.CHECKING,
            RolloutStatus.READY,
            RolloutStatus.RUNNING,
            RolloutStatus.PAUSED,
        )
        text = f"Cancelled: {counted(_skip_the_rest(rollout), 'tenant')} skipped."
        set_status(rollout, RolloutStatus.CANCELLED, actor, text, finished_at=timezone.now())
    return rollout


def retry(rollout_id: int, actor: str) -> Rollout:
    """Check and try again every tenant that failed or was refused. Raises TransitionRefused."""
    with _locked(rollout_id) as rollout:
        require_status(rollout, *RETRIED_FROM)
        again = items_to_retry(rollout)
        if not again:
            raise TransitionRefused(NOTHING_TO_RETRY.capitalize())
        RolloutItem.objects.filter(pk__in=again).update(
            status=RolloutItemStatus.CHECKING,
            step=RolloutStep.CHECK,
            step_since=timezone.now(),
            next_attempt_at=timezone.now(),
            attempts=0,
            last_error="",
            last_request_id="",
            waiting_for="",
            **patience.FRESH,
            verdict="",
            blocked_kind="",
            excused=False,
            sent_at=None,
            sends=0,
            finished_at=None,
        )
        text = f"Trying {counted(len(again), 'tenant')} again."
        # One that was refused everywhere has never been started, so its warnings were not read.
        then = RolloutStatus.RUNNING if rollout.started_at else RolloutStatus.CHECKING
        set_status(rollout, then, actor, text, finished_at=None)
    return rollout


def items_to_retry(rollout: Rollout) -> list[int]:
    """Return the ids of the tenants that failed or were refused and can be tried again."""
    # A connection that has joined another unfinished roll-out is left to that one.
    wanted = rollout.items.filter(status__in=[RolloutItemStatus.FAILED, RolloutItemStatus.REFUSED])
    free = eligible().filter(pk__in=wanted.values("connection"))
    return list(wanted.filter(connection__in=free).values_list("pk", flat=True))


def roll_back(rollout_id: int, actor: str, *, prune: Prune = Prune.REMOVED) -> Rollout:
    """Create the roll-out that returns every tenant to its former version.

    It starts automatically, unless it needs a second person. Allowed when no tenant is in progress.
    Tenants with an unknown former version are left out. Raises TransitionRefused.
    """
    with _locked(rollout_id) as rollout:
        require_status(rollout, *ROLLED_BACK_FROM)
        if rollout.kind != RolloutKind.MAPPINGS:
            raise TransitionRefused(
                "Only mappings can be rolled back. Change an API version with a new roll-out"
            )
        # A tenant in progress ends with the new version, after the way back was made without it.
        if rollout.items.filter(status=RolloutItemStatus.WORKING).exists():
            raise TransitionRefused("Some tenants are in progress: wait until they have ended")
        # First, because a connection can be in one unfinished roll-out only.
        _skip_the_rest(rollout)
        back = _make_the_way_back(rollout, actor, prune)
        text = f"Roll-out {back.pk} was made to roll it back."
        # A roll-out that has ended keeps its result; one that was paused can never go on.
        if rollout.status == RolloutStatus.PAUSED:
            set_status(rollout, RolloutStatus.CANCELLED, actor, text, finished_at=timezone.now())
        else:
            add_event(rollout, actor, text)
    return back


def _make_the_way_back(rollout: Rollout, actor: str, prune: Prune) -> Rollout:
    targets = versions_before(rollout)
    if not targets:
        raise TransitionRefused("No tenant has the version of this roll-out any more")
    back = Rollout(
        rolls_back=rollout,
        author=actor,
        canary_size=0,
        wave_size=rollout.wave_size,
        failure_limit=rollout.failure_limit,
        prune=prune,
        starts_itself=True,
    )
    return create(back, Connection.objects.filter(pk__in=targets), targets)


def versions_before(rollout: Rollout) -> dict[int, MappingTemplate]:
    """Return the version that each connection had before a roll-out, of those that can go back."""
    has_target, has_former = (
        Q(connection__template=F("target")),
        Q(connection__template=F("came_from")),
    )
    # Failed ones too: the import may have changed them before they failed. A tenant that has got
    # another version since then keeps it.
    sent = rollout.items.filter(
        Q(has_target, status=RolloutItemStatus.DONE)
        | Q(has_target | has_former, status=RolloutItemStatus.FAILED)
    )
    changed = sent.exclude(came_from=None).exclude(came_from=F("target"))
    return {each.connection_id: each.came_from for each in changed if each.came_from}


def _skip_the_rest(rollout: Rollout) -> int:
    waiting = rollout.items.filter(status__in=_NOT_BEGUN)
    skipped: int = waiting.update(status=RolloutItemStatus.SKIPPED, finished_at=timezone.now())
    return skipped


@contextmanager
def _locked(rollout_id: int) -> Iterator[Rollout]:
    """Lock a roll-out's row, so that two people, or a person and the worker, take turns."""
    with transaction.atomic():
        yield Rollout.objects.select_for_update().get(pk=rollout_id)
