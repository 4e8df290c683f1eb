"""What holds work up: a kill switch that is off, a spent budget, a paused roll-out.

Every page of what waits asks here, so that all of them name the same reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from connect import switches
from connect.clients import budget
from connect.formats import counted
from connect.models import (
    ENDING,
    OPEN_STATUSES,
    ApiBudget,
    Connection,
    HostApp,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    Stage,
)
from connect.placement import place, rooms
from connect.placement.choose import Room
from connect.placement.place import Before
from tenants import limits
from tenants.batching import Asking, gather, together
from tenants.models import RateBucket

MAPPING_CALLS = "mapping-calls"  # the bucket of calls to Heroku Connect for roll-outs
CALLS_PER_RUN = 2  # to Heroku Connect, on average, each time that a tenant is worked on
_NOT_PROVISIONED = (Stage.LIVE, *ENDING, Stage.OFFBOARDED)
_AT_WORK = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)


@dataclass(frozen=True)
class Hold:
    """One reason, a sentence. `rollout` is the paused roll-out that a tenant waits for, if any."""

    text: str
    rollout: Rollout | None = None


def of_connection(connection: Connection, now: datetime) -> list[Hold]:
    """Return what holds up a connection's provisioning, or its part in a roll-out."""
    return of_connections([connection], now)[connection.pk]


def of_connections(connections: Iterable[Connection], now: datetime) -> dict[int, list[Hold]]:
    """Return what holds up each of them, by its key. One statement, none without connections."""
    waiting = list(connections)
    if not waiting:
        return {}
    found: dict[int, list[Hold]] = together(asking(waiting, now))[0]
    return found


def asking(waiting: list[Connection], now: datetime) -> Asking[dict[int, list[Hold]]]:
    """Return the same, asked with what else a page needs."""
    # What has left, or is about to, waits for no roll-out.
    live = [row for row in waiting if row.stage == Stage.LIVE]
    open_items = RolloutItem.objects.filter(connection__in=live, status__in=OPEN_STATUSES)
    unplaced = [row for row in waiting if _is_unplaced(row)]
    general, items, hosts, places = yield from gather(
        _general(now),
        open_items.select_related("rollout__template"),
        # Read only where one waits for it.
        rooms.annotated().defer("token") if unplaced else HostApp.objects.none(),
        place.places_before(unplaced),
    )
    # A connection is in one open roll-out at most.
    by_connection = {each.connection_id: each for each in items}
    known, before = [rooms.of(host) for host in hosts], place.by_tenant(places)
    return {
        row.pk: [*general.provisioning, *_of_room(row, known, before)]
        if _is_provisioned(row)
        else _of_item(by_connection.get(row.pk), general.calls)
        for row in waiting
    }


def of_stage(connection: Connection) -> str:
    """Return why the next step of a connection's stage does not run now, "" if it does.

    It is the end of a sentence, and the same for a blocked connection that is tried again.
    """
    return "" if connection.stage in _NOT_PROVISIONED else switches.PROVISIONING.reason()


def of_rollout(rollout: Rollout, now: datetime) -> list[Hold]:
    """Return what holds up a roll-out."""
    return of_rollouts([rollout], now)[rollout.pk]


def of_rollouts(rollouts: Iterable[Rollout], now: datetime) -> dict[int, list[Hold]]:
    """Return what holds up each of them, by its key: one statement for any number."""
    (general,) = together(_general(now))
    return {each.pk: _of_rollout(each, general.calls) for each in rollouts}


def in_words(holds: Iterable[Hold]) -> str:
    """Return the reasons as one line of a list, "" without one."""
    said = " ".join(hold.text.strip() for hold in holds)
    return f"Held up: {said}" if said else ""


def of_bulk_runs(now: datetime) -> list[Hold]:
    """Return what holds up bulk runs, and all other background work that calls Heroku."""
    return _of_budgets(ApiBudget.objects.order_by("peer"), now)


def _of_budgets(budgets: Iterable[ApiBudget], now: datetime) -> list[Hold]:
    return [
        Hold(
            f"{budget.in_words(each.peer)} takes "
            f"{counted(budget.calls_left(each, now), 'more call')} now. The last {budget.RESERVE} "
            "of an hour are kept for provisioning; about "
            f"{budget.REFILL_PER_MINUTE} are added each minute."
        )
        for each in budget.spent(budgets, now)
    ]


def _is_provisioned(connection: Connection) -> bool:
    return connection.stage not in _NOT_PROVISIONED and not connection.blocked_at


def _is_unplaced(connection: Connection) -> bool:
    return connection.stage == Stage.CREATING_ADDON and connection.host_app_id is None


def _of_room(connection: Connection, known: list[Room], before: Before) -> list[Hold]:
    if not _is_unplaced(connection):
        return []
    why = place.refusal_for(connection, known, before)
    return [Hold(f"No host app has room: {why}.")] if why else []


def _of_item(item: RolloutItem | None, calls: list[Hold]) -> list[Hold]:
    if item is None:
        return []
    # A tenant that has begun goes on to its end, also while the roll-out is paused.
    if item.status == RolloutItemStatus.WORKING:
        return calls
    rollout = item.rollout
    if rollout.status == RolloutStatus.PAUSED:
        return [Hold(f"Roll-out {rollout.pk} is paused. {rollout.pause_reason}", rollout)]
    return _of_rollout(rollout, calls)


def _of_rollout(rollout: Rollout, calls: list[Hold]) -> list[Hold]:
    if rollout.status == RolloutStatus.PAUSED:
        return [Hold(rollout.pause_reason)]
    return calls if rollout.status in _AT_WORK else []


@dataclass(frozen=True)
class _General:
    """What holds up many at once: all provisioning, and all calls of roll-outs."""

    provisioning: list[Hold]
    calls: list[Hold]


def _general(now: datetime) -> Asking[_General]:
    off, budgets, buckets = yield (
        switches.PROVISIONING.off(),
        ApiBudget.objects.order_by("peer"),
        RateBucket.objects.filter(key=MAPPING_CALLS),
    )
    reason = switches.PROVISIONING.reason_of(off)
    provisioning = [Hold(f"{reason[0].upper()}{reason[1:]}.")] if reason else []
    spent = [*_of_budgets(budgets, now), *_of_calls(buckets, now)]
    return _General(provisioning, [*provisioning, *spent])


def _of_calls(buckets: list[RateBucket], now: datetime) -> list[Hold]:
    bucket = limits.Bucket(MAPPING_CALLS, settings.MAPPING_CALLS_PER_HOUR)
    if limits.left(bucket, next(iter(buckets), None), now) >= CALLS_PER_RUN:
        return []
    text = (
        f"The {settings.MAPPING_CALLS_PER_HOUR:,} calls an hour for roll-outs "
        "(MAPPING_CALLS_PER_HOUR) are used up. They are added again bit by bit."
    )
    return [Hold(text)]
