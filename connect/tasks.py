"""Tasks: load a row by id, call a function. Arguments are ids and names, never a secret."""

from django.utils import timezone

from connect import connections, junk
from connect.clients import budget
from connect.health import (
    closely,
    common,
    diagnose,
    fleet,
    healing,
    history,
    incidents,
    maintenance,
    refresh,
    regions,
)
from connect.inventory import compare
from connect.mappings import drift
from connect.models import Connection, Stage
from connect.operations import connection as operations
from connect.rollouts import items
from connect.write_errors import repair_results, scan
from tenants import grants, timeline
from tenants.queue import enqueue

SWEEP_LIMIT = 100


# --- provisioning --------------------------------------------------------------------------------


def ensure_connections() -> int:
    """Create connections for tenants without one (a signal may have been lost); return how many."""
    lost = connections.tenant_ids_without_connection(SWEEP_LIMIT)
    for tenant_id in lost:
        connections.ensure(tenant_id)
    return len(lost)


# --- roll-outs and mappings ----------------------------------------------------------------------


def advance_item(item_id: int) -> None:
    """Do what is due for one tenant of a roll-out."""
    items.advance(item_id)


def compare_drift() -> int:
    """Compare the due tenants with their versions; scheduled; return how many."""
    return drift.compare_due()


# --- what Heroku has -----------------------------------------------------------------------------


def reconcile() -> int:
    """Compare Heroku's add-ons with our rows once a day; asked each hour; return how many times."""
    return compare.compare_due()


# --- health --------------------------------------------------------------------------------------


def refresh_health() -> int:
    """Record the fleet's conditions and budgets, queue a refresh of each list; return how many."""
    fleet.record()
    budget.note_hour(timezone.now())
    # A task for each list, so that a region that hangs does not hold up the others.
    found = regions.parts()
    for region_url, host_app_id in found:
        enqueue(refresh_region, region_url, host_app_id)
    return len(found)


def refresh_region(region_url: str, host_app_id: int | None = None) -> int:
    """Refresh the live connections of a host app in a region; return how many were seen.

    Without a host app, those of all: a version before host apps queued it so.
    """
    if host_app_id is not None:
        return regions.refresh_region(region_url, host_app_id)
    return sum(regions.refresh_region(*each) for each in regions.parts() if each[0] == region_url)


def refresh_connection(connection_id: int) -> None:
    """Refresh one live connection."""
    rows = Connection.objects.select_related("tenant__grant", "health", "host_app")
    connection = rows.filter(pk=connection_id, stage=Stage.LIVE).first()
    if connection:
        refresh.refresh_or_mark_unseen(connection)


def check_incidents() -> None:
    """Each minute: look at what is doubtful, heal, fetch diagnoses, follow repairs."""
    incidents.close_ended()
    incidents.remind()
    common.update()
    suspects, region_urls = incidents.unconfirmed()
    for region_url, host_app_id in regions.parts() if any(region_urls) else []:
        if region_url in region_urls:
            enqueue(refresh_region, region_url, host_app_id)
    if "" in region_urls:
        refresh_health()
    for connection_id in [*suspects[:SWEEP_LIMIT], *closely.due(SWEEP_LIMIT, suspects)]:
        enqueue(refresh_connection, connection_id)
    for incident_id in healing.take_due(SWEEP_LIMIT):
        enqueue(heal, incident_id)
    diagnose.collect()
    scan.scan_repaired(SWEEP_LIMIT)


def heal(incident_id: int) -> str:
    """Run the next healing step of an incident."""
    return healing.heal(incident_id, _operate_alone)


def _operate_alone(name: str, connection_id: int) -> str:
    return operations.operate(name, connection_id, timeline.PORTAL, {}).text


def maintain_health() -> None:
    """Measure uptime, refresh idle grants, probe packages, start due diagnoses; scheduled."""
    # First, because it calls nobody: a peer that fails must not leave an old number on the pages.
    history.measure_uptime()
    grants.restore_readable()
    maintenance.refresh_idle_grants()
    maintenance.probe_packages()
    diagnose.start_due()


def prune_health() -> int:
    """Merge and delete old rows; runs daily; return how many rows were deleted."""
    now = timezone.now()
    counts = (history.fold(), fleet.prune(), budget.prune(), repair_results.prune())
    return sum(counts) + diagnose.prune(now) + compare.prune(now)


def prune_junk() -> int:
    """Erase registrations that nobody proved; runs daily; return how many."""
    return junk.prune(timezone.now())


# --- write errors --------------------------------------------------------------------------------


def scan_writes() -> int:
    """Scan the failed and waiting writes of all tenants; scheduled; return how many were read."""
    return scan.scan_all()
