"""Making a roll-out: which connections may join, and in which wave each comes."""

import hashlib
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from connect.formats import counted
from connect.models import (
    OPEN_STATUSES,
    Connection,
    MappingTemplate,
    Rollout,
    RolloutItem,
    Stage,
)
from connect.rollouts import approval, left_out
from connect.rollouts.left_out import LeftOut
from connect.rollouts.status import TransitionRefused, add_event


def eligible() -> QuerySet[Connection]:
    """Return the connections that may join a roll-out: live, and in no unfinished one."""
    taken = RolloutItem.objects.filter(connection=OuterRef("pk"), status__in=OPEN_STATUSES)
    return Connection.objects.filter(
        ~Exists(taken), stage=Stage.LIVE, blocked_at=None, offboarded_at=None
    )


def create(
    rollout: Rollout,
    connections: Iterable[Connection],
    targets: dict[int, MappingTemplate] | None = None,
    *,
    first: Collection[int] = (),
    unmet: Sequence[LeftOut] = (),
) -> Rollout:
    """Store a roll-out for these connections. The worker checks each; nothing is sent yet.

    `targets` gives single connections, by id, another version than the roll-out's. Those in
    `first`, ids too, are its first tenants. Connections that have joined another roll-out
    since then are left out; the timeline names them, and the tenants in `unmet`. A roll-out that
    needs a second person does not start by itself. Raises TransitionRefused if none is left.
    """
    wanted = {connection.pk: connection.tenant_id for connection in connections}
    with transaction.atomic():
        # Locked, so that of two roll-outs made at once only one gets each connection.
        free = eligible().filter(pk__in=wanted).select_for_update(of=("self",))
        chosen = in_order(rollout, free, first)
        if not chosen:
            raise TransitionRefused(
                "None of the chosen tenants is live and free of other roll-outs"
            )
        if approval.is_needed(rollout, len(chosen)):
            rollout.starts_itself = False
        # Only now, so that a refused roll-out leaves no empty row.
        rollout.save()
        RolloutItem.objects.bulk_create(_items(rollout, chosen, targets or {}))
        lost = wanted.keys() - {each.pk for each in chosen}
        late = left_out.explain([wanted[pk] for pk in lost], "it joined another roll-out")
        _tell(rollout, len(chosen), [*unmet, *late])
    return rollout


def _items(
    rollout: Rollout, chosen: Sequence[Connection], targets: dict[int, MappingTemplate]
) -> list[RolloutItem]:
    return [
        RolloutItem(
            rollout=rollout,
            connection=each,
            wave=wave_of(number, rollout),
            target=targets.get(each.pk, rollout.template),
        )
        for number, each in enumerate(chosen)
    ]


def _tell(rollout: Rollout, joined: int, missing: Sequence[LeftOut]) -> None:
    """Write on the timeline how many joined, and who did not and why."""
    made = f"Made for {counted(joined, 'tenant')}. {rollout.notes}".strip()
    add_event(rollout, rollout.author, made)
    if missing:
        add_event(rollout, rollout.author, left_out.sentence(missing))


def in_order(
    rollout: Rollout, connections: Iterable[Connection], first: Collection[int] = ()
) -> list[Connection]:
    """Return the connections as a roll-out takes them: those in `first`, by id, before the others.

    The order is drawn, and is the same at every attempt.
    """
    # Shuffled, so that the canary group is not just the oldest tenants.
    salt = str(rollout.aim)
    return sorted(
        connections, key=lambda each: (each.pk not in first, stable_shuffle_key(salt, each.pk))
    )


def stable_shuffle_key(salt: str, number: int) -> str:
    """Return a sort key that looks random but is the same each time for the same salt."""
    # A retry of the same form must not put other tenants into the canary group.
    return hashlib.sha256(f"{salt}:{number}".encode()).hexdigest()


def wave_of(number: int, rollout: Rollout) -> int:
    """Return the wave of the n-th tenant (n from 0); a canary group is wave 0."""
    if number < rollout.canary_size:
        return 0
    wave = (number - rollout.canary_size) // rollout.wave_size
    return wave + (1 if rollout.canary_size else 0)
