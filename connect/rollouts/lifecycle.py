"""Roll-outs as staff steer them, and the order in which their tenants come.

Which of them may be worked on is in connect.rollouts.waves, what is done to each in items.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from connect.models import (
    OPEN,
    Connection,
    ItemStatus,
    MappingTemplate,
    Prune,
    Rollout,
    RolloutEvent,
    RolloutItem,
    RolloutKind,
    RolloutStatus,
    Stage,
    Step,
)


class NotNow(Exception):
    """The roll-out's state does not allow it. The text says why."""


# --- making ---------------------------------------------------------------------------------------


def eligible() -> QuerySet[Connection]:
    """Return the connections that may join a roll-out: live, and in no unfinished one."""
    taken = RolloutItem.objects.filter(connection=OuterRef("pk"), status__in=OPEN)
    return Connection.objects.filter(
        ~Exists(taken), stage=Stage.LIVE, blocked_at=None, offboarded_at=None
    )


def create(
    rollout: Rollout,
    connections: Iterable[Connection],
    targets: dict[int, MappingTemplate] | None = None,
) -> Rollout:
    """Store a roll-out to these connections; the worker checks each of them and sends nothing yet.

    `targets` gives single connections, by id, another version than the roll-out's. Who goes first
    is decided by chance, the same way at every try. Connections that have joined another roll-out
    meanwhile are left out. Raises NotNow if none is left.
    """
    wanted = [connection.pk for connection in connections]
    with transaction.atomic():
        free = eligible().filter(pk__in=wanted).select_for_update(of=("self",))
        chosen = sorted(free, key=lambda each: dice(str(rollout.aim), each.pk))
        if not chosen:
            raise NotNow("No tenant that is live and in no other roll-out is among the chosen ones")
        rollout.save()
        RolloutItem.objects.bulk_create(
            RolloutItem(
                rollout=rollout,
                connection=each,
                wave=_wave(number, rollout),
                target=(targets or {}).get(each.pk, rollout.template),
            )
            for number, each in enumerate(chosen)
        )
        note(rollout, rollout.author, f"Made for {tenants(len(chosen))}. {rollout.notes}".strip())
    return rollout


def dice(salt: str, number: int) -> str:
    """Return a text by which to sort as if by chance, but the same way each time."""
    return hashlib.sha256(f"{salt}:{number}".encode()).hexdigest()


def _wave(number: int, rollout: Rollout) -> int:
    """Return the wave of the n-th tenant (n from 0); a canary group is wave 0."""
    if number < rollout.canary_size:
        return 0
    begun = (number - rollout.canary_size) // rollout.wave_size
    return begun + (1 if rollout.canary_size else 0)


# --- steering -------------------------------------------------------------------------------------


def start(rollout_id: int, actor: str, *, accept_warnings: bool = False) -> Rollout:
    """Let a checked roll-out begin. Raises NotNow, also while warnings are not accepted."""
    with _locked(rollout_id) as rollout:
        _only_when(rollout, RolloutStatus.READY)
        asked = warned(rollout).count()
        if asked and not accept_warnings:
            raise NotNow(f"The check warns of {tenants(asked)}: read it and accept the warnings")
        accepted = f" The warnings for {tenants(asked)} are accepted." if asked else ""
        move(
            rollout, RolloutStatus.RUNNING, actor, f"Started.{accepted}", started_at=timezone.now()
        )
    return rollout


def pause(rollout_id: int, actor: str) -> Rollout:
    """Begin with no further tenant; those in progress are brought to an end. Raises NotNow."""
    with _locked(rollout_id) as rollout:
        _only_when(rollout, RolloutStatus.RUNNING)
        move(rollout, RolloutStatus.PAUSED, actor, "Paused.", pause_reason=f"Paused by {actor}.")
    return rollout


def resume(rollout_id: int, actor: str) -> Rollout:
    """Go on after a pause, in spite of what has failed so far. Raises NotNow."""
    with _locked(rollout_id) as rollout:
        _only_when(rollout, RolloutStatus.PAUSED)
        excused = rollout.items.filter(status=ItemStatus.FAILED, excused=False).update(excused=True)
        told = f" {tenants(excused)} that failed no longer count." if excused else ""
        move(rollout, RolloutStatus.RUNNING, actor, f"Resumed.{told}")
    return rollout


def cancel(rollout_id: int, actor: str) -> Rollout:
    """Skip every tenant that was not begun; those in progress are brought to an end.

    Raises NotNow.
    """
    with _locked(rollout_id) as rollout:
        _only_when(
            rollout,
            RolloutStatus.CHECKING,
            RolloutStatus.READY,
            RolloutStatus.RUNNING,
            RolloutStatus.PAUSED,
        )
        waiting = rollout.items.filter(status__in=[ItemStatus.CHECKING, ItemStatus.READY])
        skipped = waiting.update(status=ItemStatus.SKIPPED, finished_at=timezone.now())
        text = f"Cancelled: {tenants(skipped)} skipped."
        move(rollout, RolloutStatus.CANCELLED, actor, text, finished_at=timezone.now())
    return rollout


def retry(rollout_id: int, actor: str) -> Rollout:
    """Check and try again every tenant that failed or was refused. Raises NotNow."""
    with _locked(rollout_id) as rollout:
        _only_when(rollout, RolloutStatus.RUNNING, RolloutStatus.PAUSED, RolloutStatus.DONE)
        again = _to_try_again(rollout)
        if not again:
            raise NotNow("Nothing failed in it that could be tried again")
        RolloutItem.objects.filter(pk__in=again).update(
            status=ItemStatus.CHECKING,
            step=Step.CHECK,
            step_since=timezone.now(),
            next_attempt_at=timezone.now(),
            attempts=0,
            last_error="",
            last_request_id="",
            waiting_for="",
            verdict="",
            excused=False,
            sent_at=None,
            sends=0,
            finished_at=None,
        )
        text = f"Trying {tenants(len(again))} again."
        move(rollout, RolloutStatus.RUNNING, actor, text, finished_at=None)
    return rollout


def _to_try_again(rollout: Rollout) -> list[int]:
    """A connection that is in another unfinished roll-out by now is left to that one."""
    wanted = rollout.items.filter(status__in=[ItemStatus.FAILED, ItemStatus.REFUSED])
    free = eligible().filter(pk__in=wanted.values("connection"))
    return list(wanted.filter(connection__in=free).values_list("pk", flat=True))


def roll_back(rollout_id: int, actor: str, *, prune: Prune = Prune.REMOVED) -> Rollout:
    """Make the roll-out that brings every tenant back to the version it had; it starts by itself.

    Legal once nothing is in progress. Tenants whose earlier version is not known are left out.
    Raises NotNow.
    """
    with _locked(rollout_id) as rollout:
        _only_when(rollout, RolloutStatus.PAUSED, RolloutStatus.CANCELLED, RolloutStatus.DONE)
        if rollout.kind != RolloutKind.MAPPINGS:
            raise NotNow("Only mappings can be rolled back: Salesforce versions go by hand")
        if rollout.items.filter(status=ItemStatus.WORKING).exists():
            raise NotNow("Some tenants are in progress: wait until they have ended")
        waiting = rollout.items.filter(status__in=[ItemStatus.CHECKING, ItemStatus.READY])
        waiting.update(status=ItemStatus.SKIPPED, finished_at=timezone.now())
        sent = rollout.items.filter(status__in=[ItemStatus.DONE, ItemStatus.FAILED])
        changed = sent.exclude(came_from=None).exclude(came_from=F("target"))
        targets = {each.connection_id: each.came_from for each in changed if each.came_from}
        back = create(
            Rollout(
                rolls_back=rollout,
                author=actor,
                canary_size=0,
                wave_size=rollout.wave_size,
                failure_limit=rollout.failure_limit,
                prune=prune,
                starts_itself=True,
            ),
            Connection.objects.filter(pk__in=targets),
            targets,
        )
        text = f"Rolled back by roll-out {back.pk}."
        if rollout.status == RolloutStatus.DONE:
            note(rollout, actor, text)
        else:
            move(rollout, RolloutStatus.CANCELLED, actor, text, finished_at=timezone.now())
    return back


@contextmanager
def _locked(rollout_id: int) -> Iterator[Rollout]:
    """Hold a roll-out's row, so that two people, or a person and the worker, take turns."""
    with transaction.atomic():
        yield Rollout.objects.select_for_update().get(pk=rollout_id)


def _only_when(rollout: Rollout, *legal: RolloutStatus) -> None:
    if rollout.status not in legal:
        raise NotNow(f"It is {rollout.get_status_display().lower()}")


def move(
    rollout: Rollout,
    status: RolloutStatus,
    actor: str,
    text: str,
    *,
    pause_reason: str = "",
    **facts: object,
) -> None:
    """Put a roll-out, whose row the caller has locked, in another status and note why."""
    changes = {**facts, "status": status, "pause_reason": pause_reason}
    for name, value in changes.items():
        setattr(rollout, name, value)
    rollout.save(update_fields=list(changes))
    note(rollout, actor, text)


def note(rollout: Rollout, actor: str, text: str) -> None:
    """Append a line to the roll-out's own timeline."""
    RolloutEvent.objects.create(rollout=rollout, actor=actor, text=text)


def warned(rollout: Rollout) -> QuerySet[RolloutItem]:
    """Return the tenants that may be sent to, but of which the check warns."""
    found: QuerySet[RolloutItem] = rollout.items.filter(
        status=ItemStatus.READY, findings__contains=[{"severity": "warning"}]
    )
    return found


def tenants(count: int) -> str:
    """Return so many tenants in words."""
    return f"{count} tenant{'' if count == 1 else 's'}"
