"""What the queue runs: load by id, call a verb. Arguments are ids and names, never a secret."""

from typing import Any

from django.utils import timezone

from connect import connections
from connect.health import alerts, diagnose, healing, history, incidents, refresh, upkeep
from connect.mappings import drift
from connect.models import Connection, Stage
from connect.operations import connection as operations
from connect.operations import mapping
from connect.provisioning import reconciler
from connect.rollouts import due, items
from connect.runner import lease
from connect.write_errors import repair, scan
from tenants import sending, timeline
from tenants.leases import REQUEUE_AFTER
from tenants.models import EventKind
from tenants.queue import enqueue

SWEEP_LIMIT = 100


def operate(name: str, connection_id: int, actor: str, options: dict[str, Any]) -> str:
    """Run a member of staff's action; the answer is kept as the task's result."""
    return operations.operate(name, connection_id, actor, options)


def operate_mapping(name: str, connection_id: int, actor: str, options: dict[str, Any]) -> str:
    """Run a member of staff's action on one mapping; the answer is kept as the task's result."""
    return operations.perform(mapping.REGISTRY[name], connection_id, actor, options).text


def advance_item(item_id: int) -> None:
    """Do what is due for one tenant of a roll-out."""
    items.advance(item_id)


def sweep() -> int:
    """Queue everything that is due; return how many tasks were queued.

    The worker calls this every second, so a task that got lost is followed by another one.
    """
    connection_ids = lease.mark_due_as_queued(SWEEP_LIMIT, REQUEUE_AFTER)
    for connection_id in connection_ids:
        enqueue(reconciler.advance, connection_id)
    item_ids = due.mark_queued(REQUEUE_AFTER)
    for item_id in item_ids:
        enqueue(advance_item, item_id)
    return len(connection_ids) + len(item_ids) + sending.queue_due(SWEEP_LIMIT)


def ensure_connections() -> int:
    """Make the connections of tenants that have none, should a signal ever be lost; how many."""
    lost = connections.without_connection(SWEEP_LIMIT)
    for tenant_id in lost:
        connections.ensure(tenant_id)
    return len(lost)


# --- health --------------------------------------------------------------------------------------


def refresh_health() -> int:
    """Queue a refresh of each region, as scheduled; return how many."""
    found = refresh.regions()
    for region_url in found:
        enqueue(refresh_region, region_url)
    return len(found)


def refresh_region(region_url: str) -> int:
    """Refresh the live connections of a region; return how many were seen."""
    return refresh.refresh_region(region_url)


def look(connection_id: int) -> None:
    """Refresh one live connection."""
    rows = Connection.objects.select_related("tenant__grant", "health")
    connection = rows.filter(pk=connection_id, stage=Stage.LIVE).first()
    if connection:
        refresh.look(connection)


def watch() -> None:
    """Each minute: look again where a look decides something, heal, tell, fetch results."""
    incidents.close_departed()
    suspects, regions = incidents.to_be_confirmed()
    for region_url in {each for each in regions if each}:
        enqueue(refresh_region, region_url)
    if "" in regions:
        refresh_health()
    for connection_id in suspects[:SWEEP_LIMIT]:
        enqueue(look, connection_id)
    for incident_id in healing.take_due(SWEEP_LIMIT):
        enqueue(heal, incident_id)
    alerts.queue_due(SWEEP_LIMIT)
    diagnose.collect()


def heal(incident_id: int) -> str:
    """Do an incident's next step of self-healing."""
    return healing.heal(incident_id, _operate_alone)


def _operate_alone(name: str, connection_id: int) -> str:
    return operations.operate(name, connection_id, timeline.PORTAL, {})


def upkeep_health() -> None:
    """Keep grants alive, look for packages, begin due diagnoses, measure uptime: as scheduled."""
    upkeep.keep_grants_alive()
    upkeep.look_for_packages()
    diagnose.start_due()
    history.measure_uptime()


def scan_writes() -> int:
    """Read failed and waiting writes of all tenants, as scheduled; return how many were read."""
    return scan.scan_all()


def repair_writes(
    connection_id: int,
    action: str,
    table: str,
    cause: str,
    actor: str,
    chosen: list[tuple[str, int]] | None = None,
) -> str:
    """Send failed writes of one tenant, object and cause again, or ignore them."""
    with operations.held(connection_id) as claim:
        pairs = [(log, number) for log, number in chosen] if chosen is not None else None
        tally = repair.repair(claim.connection, action, table, cause, actor, pairs)
        text = f"{action.capitalize()} in {table}: {tally}."
        timeline.note(claim.tenant, EventKind.STAFF_ACTION, text, actor=actor, cause=cause)
    scan.scan_some([connection_id])
    return text


def prune_health() -> int:
    """Fold and drop what is old: daily; return how many rows went."""
    return history.fold() + repair.prune() + diagnose.prune(timezone.now())


def compare_drift() -> int:
    """Compare the tenants that are due with the version they should have, as scheduled."""
    return drift.compare_due()
