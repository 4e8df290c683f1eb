"""Roll-outs as staff steer them, and the order in which their tenants come.

What is done to one tenant is in connect.mappings.items. Here is which tenant may be worked on: the
canary group, then wave by wave, and none more once too many of a wave have failed.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect.clients import heroku
from connect.mappings.models import (
    OPEN,
    ItemStatus,
    Prune,
    Rollout,
    RolloutEvent,
    RolloutItem,
    RolloutKind,
    RolloutStatus,
    Step,
)
from connect.models import Connection, MappingTemplate, Stage
from connect.provisioning import claims
from tenants import limits, messages, timeline
from tenants.models import Switch, SwitchName

CALLS_A_RUN = 2  # to Heroku Connect, on an average, each time that a tenant is worked on
MOST_AT_ONCE = 25  # tenants queued by one pulse of the worker
BUCKET = "mapping-calls"
_CHECKED_IN = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)


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
        note(rollout, rollout.author, f"Made for {_tenants(len(chosen))}. {rollout.notes}".strip())
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
            raise NotNow(f"The check warns of {_tenants(asked)}: read it and accept the warnings")
        accepted = f" The warnings for {_tenants(asked)} are accepted." if asked else ""
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
        told = f" {_tenants(excused)} that failed no longer count." if excused else ""
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
        text = f"Cancelled: {_tenants(skipped)} skipped."
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
        text = f"Trying {_tenants(len(again))} again."
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


# --- what the worker does by itself ---------------------------------------------------------------


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
    free = Connection.objects.filter(claims.free(now), pk=OuterRef("connection"))
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
    text = f"Checked: {_tenants(ready)} can be sent to, {refused} refused."
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
        text = f"Done: {counts.get(ItemStatus.DONE, 0)} of {_tenants(sum(counts.values()))}."
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


def _tenants(count: int) -> str:
    return f"{count} tenant{'' if count == 1 else 's'}"
