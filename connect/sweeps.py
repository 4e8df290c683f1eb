"""What the worker's pulse finds on this floor, and what a schedule asks for again."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from connect import tasks
from connect.models import Connection
from connect.provisioning import reconciler
from connect.rollouts import due
from tenants import leases, sweeps
from tenants.queue import enqueue
from tenants.sweeps import Sweep

LIMIT = 100  # connections queued by one pulse


def queue_connections(again_after: timedelta) -> int:
    """Queue the connections that are due; return how many."""
    mark = timezone.now()
    ids = leases.mark_queued(_movable(), LIMIT, again_after, mark)
    for connection_id in ids:
        enqueue(reconciler.advance, connection_id, mark.isoformat())
    return len(ids)


def queue_items(again_after: timedelta) -> int:
    """Queue the tenants of roll-outs that are due; return how many."""
    ids = due.mark_queued(again_after)
    for item_id in ids:
        enqueue(tasks.advance_item, item_id)
    return len(ids)


def _due_connections(again_after: timedelta) -> QuerySet[Any, Any]:
    return leases.due(_movable(), again_after)


def _movable() -> QuerySet[Connection]:
    """Return the connections that may be worked on: not those that wait for staff or a switch."""
    rows: QuerySet[Connection] = Connection.objects.filter(blocked_at=None)
    return rows.filter(reconciler.not_switched_off())


def _oldest_connection(now: datetime) -> QuerySet[Any, Any]:
    return sweeps.oldest(_movable().filter(leases.free(now)), now)


sweeps.register(
    Sweep(
        "connections",
        (reconciler.advance,),
        _due_connections,
        queue_connections,
        _oldest_connection,
    )
)
# Due tenants wait for their wave, a switch and the hourly calls too: their age tells nothing.
sweeps.register(Sweep("roll-outs", (tasks.advance_item,), due.moving, queue_items))
sweeps.by_schedule(tasks.refresh_health, tasks.refresh_region)
sweeps.by_schedule(tasks.check_incidents, tasks.refresh_connection, tasks.heal)
