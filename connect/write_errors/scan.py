"""Scanning the tenants' schemas for failed and waiting writes."""

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Max
from django.utils import timezone

from connect import databases
from connect.databases import DatabaseAway
from connect.health import incidents, observations
from connect.mappings import lint
from connect.models import Connection, Health, Mapping, Stage, WriteError, WriteRepair
from connect.write_errors import repair_results
from connect.write_errors.schema_scan import (
    FailedWriteGroup,
    SchemaScan,
    WaitingWrites,
    scan_schemas,
)

log = logging.getLogger(__name__)

PAGE = 500  # connections that are held in memory at a time
_NOTHING = WaitingWrites(0, None)
_MEASURED = ("scanned_at", "tables_missing", "backlog", "backlog_since", "rows", "failing_writes")


def scan_all() -> int:
    """Scan every live tenant's schema and update the repairs; return how many were read.

    A database that is away stops only its own tenants.
    """
    rows = Connection.objects.filter(stage=Stage.LIVE).exclude(schema_name="")
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(scan(ids[at : at + PAGE]) for at in range(0, len(ids), PAGE))


def scan_repaired(limit: int) -> int:
    """Scan the tenants whose repairs are in progress, the newest first; return how many."""
    repair_results.end_unseen()
    live = WriteRepair.objects.filter(ended_at=None, connection__stage=Stage.LIVE)
    repairs = live.order_by().values("connection")
    newest = repairs.annotate(at=Max("asked_at")).order_by("-at")
    ids = [int(row["connection"]) for row in newest[:limit]]
    return scan(ids) if ids else 0


def scan(connection_ids: Sequence[int]) -> int:
    """Scan some tenants' schemas, and follow up their repairs; return how many were read."""
    rows = Connection.objects.filter(pk__in=connection_ids)
    by_alias: defaultdict[str, list[Connection]] = defaultdict(list)
    for row in rows.select_related("tenant__grant", "health", "host_app"):
        by_alias[databases.alias_of(row)].append(row)
    return sum(_scan_database(alias, found) for alias, found in by_alias.items())


def _scan_database(alias: str, rows: Sequence[Connection]) -> int:
    try:
        return _scan(alias, rows)
    except DatabaseAway as away:  # its incident tells staff; its tenants keep their last numbers
        log.warning("schemas not read database=%s error=%s", alias, away)
        return 0


def _scan(alias: str, rows: Sequence[Connection]) -> int:
    connection_ids = [row.pk for row in rows]
    by_schema = {row.schema_name: row for row in rows}
    found = scan_schemas(alias, list(by_schema), _mapped_tables(connection_ids))
    # A schema that could not be read keeps its last numbers.
    read = {name: row for name, row in by_schema.items() if name not in found.unread}
    # By the repairs: a join would find the connections without any repair as well.
    repairs = WriteRepair.objects.filter(ended_at=None, connection__in=connection_ids)
    repaired = set(repairs.values_list("connection_id", flat=True))
    for row in (each for each in rows if each.pk in repaired):
        # Only schemas that were read in full; the others are followed up by the next scan.
        if row.schema_name in found.waiting:
            _follow_up(row)
    with transaction.atomic():
        _store_failures(found, read)
        observations.ensure(read.values())
        by_cause = _failed_by_cause(found, connection_ids)
        healths = [_measure(found, name, row, by_cause[name]) for name, row in read.items()]
        observations.save(healths, _MEASURED)
        incidents.update(healths)
    return len(read)


def _follow_up(row: Connection) -> None:
    """Look for the results of a tenant's repairs. Raises DatabaseAway."""
    try:
        repair_results.follow_up(row)
    except DatabaseAway:
        raise
    except DatabaseError as error:  # e.g. a lock: one tenant must not stop the others
        log.warning("repairs not followed connection=%s error=%s", row.pk, error)


def row_limit(connection: Connection) -> int | None:
    """Return the row limit of the connection's plan; None if it has no limit."""
    return lint.max_rows(connection.plan)


def _store_failures(found: SchemaScan, read: dict[str, Connection]) -> None:
    now = timezone.now()
    stored = WriteError.objects.filter(connection__in=[row.pk for row in read.values()])
    # Most causes are as the last scan counted them. These are not written again one by one.
    keys = {_counted(each): each.pk for each in stored}
    rows = [_row(each, read[each.schema], now) for each in found.failures]
    same = [keys[_counted(row)] for row in rows if _counted(row) in keys]
    stored.filter(pk__in=same).update(seen_at=now)
    WriteError.objects.bulk_create(
        [row for row in rows if _counted(row) not in keys],
        update_conflicts=True,
        unique_fields=["connection", "table_name", "cause"],
        update_fields=["failed", "first_at", "last_at", "seen_at"],
        batch_size=1000,
    )
    # What this scan did not find again was repaired or is gone.
    stored.filter(seen_at__lt=now).delete()


def _row(group: FailedWriteGroup, connection: Connection, now: datetime) -> WriteError:
    return WriteError(
        connection_id=connection.pk,
        table_name=group.table,
        cause=group.cause,
        failed=group.count,
        first_at=group.first_at,
        last_at=group.last_at,
        seen_at=now,
    )


def _counted(row: WriteError) -> tuple[object, ...]:
    """Return what a scan counts of a cause."""
    return row.connection_id, row.table_name, row.cause, row.failed, row.first_at, row.last_at


def _mapped_tables(connection_ids: Sequence[int]) -> dict[str, list[str]]:
    """Return the mapped tables by schema. A table is called as its object, in lower case."""
    tables: defaultdict[str, list[str]] = defaultdict(list)
    rows = Mapping.objects.filter(connection__in=connection_ids).order_by()
    for schema, name in rows.values_list("connection__schema_name", "object_name"):
        tables[schema].append(name.lower())
    return tables


def _failed_by_cause(
    found: SchemaScan, connection_ids: Sequence[int]
) -> defaultdict[str, Counter[str]]:
    """Return how many writes failed by schema and cause.

    A write that is being repaired still counts: its cause has not gone before it arrives.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in found.failures:
        counts[each.schema][each.cause] += each.count
    repairs = WriteRepair.objects.filter(connection__in=connection_ids, ended_at=None)
    for schema, cause in repairs.values_list("connection__schema_name", "cause"):
        counts[schema][cause] += 1
    return counts


def _measure(found: SchemaScan, name: str, connection: Connection, failed: Counter[str]) -> Health:
    health = observations.of(connection)
    tables = found.tables.get(name)
    waiting = found.waiting.get(name, _NOTHING)
    health.scanned_at = timezone.now()
    health.tables_missing = tables is None or not tables.complete
    health.rows = tables.rows if tables else 0
    health.backlog, health.backlog_since = waiting.count, waiting.since
    health.failing_writes = dict(failed)
    return health
