"""What the queue runs: load by id, call a verb. Arguments are ids and names, never a secret."""

from datetime import timedelta
from typing import Any

from django_q.tasks import async_task

from connect import connections, operations
from connect.health import refresh
from connect.provisioning import claims, reconciler
from tenants import messages

SWEEP_LIMIT = 100
# A task that was lost with its worker comes up again after this long.
AGAIN_AFTER = timedelta(seconds=60)


def advance(connection_id: int, *, hurry: bool = False) -> None:
    """Do what is due for one connection."""
    reconciler.advance(connection_id, hurry=hurry)


def operate(name: str, connection_id: int, actor: str, options: dict[str, Any]) -> str:
    """Run a member of staff's action; the answer is kept as the task's result."""
    return operations.operate(name, connection_id, actor, options)


def sweep() -> int:
    """Queue everything that is due; return how many tasks were queued.

    The worker calls this every second, so a task that got lost is followed by another one.
    """
    due = claims.mark_due_as_queued(SWEEP_LIMIT, AGAIN_AFTER)
    for connection_id in due:
        async_task("connect.tasks.advance", connection_id)
    return len(due) + messages.queue_due(SWEEP_LIMIT)


def ensure_connections() -> int:
    """Make the connections of tenants that have none, should a signal ever be lost; how many."""
    lost = connections.without_connection(SWEEP_LIMIT)
    for tenant_id in lost:
        connections.ensure(tenant_id)
    return len(lost)


def refresh_health() -> int:
    """Refresh all live connections, as scheduled."""
    return refresh.refresh_all()
