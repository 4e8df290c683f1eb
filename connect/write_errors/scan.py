"""Scanning the tenants' schemas for failed and waiting writes."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from connect.health import incidents, observations
from connect.mappings import lint
from connect.models import Connection, Health, Stage, WriteError
from connect.write_errors import repair_results
from connect.write_errors.schema_scan import (
    FailedWriteGroup,
    SchemaScan,
    WaitingWrites,
    scan_schemas,
)

PAGE = 500  # connections that are held in memory at a time
_NOTHING = WaitingWrites(0, None)
_MEASURED = ("scanned_at", "tables_missing", "backlog", "backlog_since", "rows")


def scan_all() -> int:
    """Scan every live tenant's schema and update the repairs; return how many were read."""
    rows = Connection.objects.filter(stage=Stage.LIVE).exclude(schema_name="")
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(scan(ids[at : at + PAGE]) for at in range(0, len(ids), PAGE))


def scan(connection_ids: Sequence[int]) -> int:
    """Scan some tenants' schemas, and follow up their repairs; return how many were read."""
    rows = Connection.objects.filter(pk__in=connection_ids).select_related(
        "tenant__grant", "health"
    )
    by_schema = {row.schema_name: row for row in rows}
    found = scan_schemas(list(by_schema))
    # A schema that could not be read keeps its last numbers.
    read = {name: row for name, row in by_schema.items() if name not in found.unread}
    with transaction.atomic():
        _store_failures(found, read)
        observations.ensure(read.values())
        healths = [_measure(found, name, row) for name, row in read.items()]
        observations.save(healths, _MEASURED)
        incidents.update(healths)
    for row in Connection.objects.filter(repairs__ended_at=None, pk__in=connection_ids).distinct():
        # Only schemas that were read in full; the others are followed up by the next scan.
        if row.schema_name in found.waiting:
            repair_results.follow_up(row)
    return len(read)


def row_limit(connection: Connection) -> int | None:
    """Return the row limit of the connection's plan; None if it has no limit."""
    return lint.max_rows(connection.plan)


def _store_failures(found: SchemaScan, read: dict[str, Connection]) -> None:
    now = timezone.now()
    WriteError.objects.bulk_create(
        [_row(each, read[each.schema]) for each in found.failures],
        update_conflicts=True,
        unique_fields=["connection", "table_name", "cause"],
        update_fields=["example", "failed", "first_at", "last_at", "seen_at"],
        batch_size=1000,
    )
    seen_before = WriteError.objects.filter(connection__in=[row.pk for row in read.values()])
    # What this scan did not find again was repaired or is gone.
    seen_before.filter(seen_at__lt=now).delete()


def _row(group: FailedWriteGroup, connection: Connection) -> WriteError:
    return WriteError(
        connection=connection,
        table_name=group.table,
        cause=group.cause,
        example=group.example or "",
        failed=group.count,
        first_at=group.first_at,
        last_at=group.last_at,
        seen_at=timezone.now(),
    )


def _measure(found: SchemaScan, name: str, connection: Connection) -> Health:
    health = observations.of(connection)
    tables = found.tables.get(name)
    waiting = found.waiting.get(name, _NOTHING)
    health.scanned_at = timezone.now()
    health.tables_missing = tables is None or not tables.complete
    health.rows = tables.rows if tables else 0
    health.backlog, health.backlog_since = waiting.count, waiting.since
    return health
