"""Scanning many schemas at once: failed writes by cause, the backlog, rows and system tables."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import schemas
from connect.databases import DatabaseAway
from connect.write_errors.cause import CAUSE
from connect.write_errors.trigger_log import ARCHIVE, LOG, SYSTEM_TABLES, reading

log = logging.getLogger(__name__)

SCHEMAS_PER_QUERY = 50
_FAILED = sql.SQL("""
SELECT {name} AS schema_name, table_name, {cause} AS cause, created_at
FROM {schema}.{table} WHERE state = 'FAILED'
""")
_GROUPED = sql.SQL("""
SELECT schema_name, table_name, cause, count(*), min(created_at), max(created_at)
FROM ({}) AS failed GROUP BY schema_name, table_name, cause
""")
_WAITING = sql.SQL("""
SELECT {name}, count(*), min(created_at) FROM {schema}._trigger_log
WHERE state = 'NEW' OR state = 'PENDING'
""")
# An estimate from the statistics: counting rows would read every table of every tenant.
_TABLES = """
SELECT n.nspname, array_agg(c.relname::text) FILTER (WHERE c.relname = ANY(%s)),
    coalesce(sum(greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0))
        FILTER (WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest(%s::text[], %s::text[]))), 0)
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
WHERE n.nspname = ANY(%s) GROUP BY n.nspname
"""


@dataclass(frozen=True)
class SchemaTables:
    """What a schema holds: whether Connect's own tables are all there, and the rows of its mapped
    tables (an estimate)."""

    complete: bool
    rows: int


@dataclass(frozen=True)
class FailedWriteGroup:
    """Failed writes of one schema, table and cause."""

    schema: str
    table: str
    cause: str
    count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class WaitingWrites:
    """Writes of a schema that Heroku Connect has not sent yet."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class SchemaScan:
    """The result of a scan of many schemas; `unread` names those that could not be read."""

    tables: dict[str, SchemaTables]
    failures: list[FailedWriteGroup]
    waiting: dict[str, WaitingWrites]
    unread: set[str]


def scan_schemas(
    alias: str, names: Sequence[str], mapped: Mapping[str, Iterable[str]] | None = None
) -> SchemaScan:
    """Scan tenants' schemas in one database. An unreadable schema does not affect the others.

    `mapped` holds the mapped tables by schema; a plan's limit counts no others.
    Raises DatabaseAway.
    """
    names = [schemas.checked(name) for name in names]
    found = SchemaScan(_read_tables(alias, names, mapped or {}), [], {}, set())
    # One missing table would make the whole statement fail, for all schemas in it.
    complete = [name for name in names if name in found.tables and found.tables[name].complete]
    for at in range(0, len(complete), SCHEMAS_PER_QUERY):
        _scan_some(alias, complete[at : at + SCHEMAS_PER_QUERY], found)
    return found


def _read_tables(
    alias: str, names: list[str], mapped: Mapping[str, Iterable[str]]
) -> dict[str, SchemaTables]:
    pairs = [(name, table) for name, tables in mapped.items() for table in tables]
    counted = [[name for name, _ in pairs], [table for _, table in pairs]]
    with reading(alias) as cursor:
        cursor.execute(_TABLES, [list(SYSTEM_TABLES), *counted, names])
        return {
            name: SchemaTables(set(system or ()) >= SYSTEM_TABLES, int(count))
            for name, system, count in cursor.fetchall()
        }


def _scan_some(alias: str, names: list[str], found: SchemaScan) -> None:
    """Scan some schemas in one transaction; after an error, one by one."""
    try:
        with reading(alias) as cursor:
            failures = [FailedWriteGroup(*row) for row in _run(cursor, _failures_of(names))]
            waiting = {row[0]: WaitingWrites(*row[1:]) for row in _run(cursor, _waiting_of(names))}
    except DatabaseAway:
        raise
    except DatabaseError as error:
        if len(names) == 1:
            log.warning("schema not read schema=%s error=%s", names[0], error)
            found.unread.add(names[0])
            return
        for name in names:
            _scan_some(alias, [name], found)
        return
    found.failures.extend(failures)
    found.waiting.update(waiting)


def _run(cursor: CursorWrapper, statement: sql.Composed) -> list[Any]:
    cursor.execute(statement)
    return list(cursor.fetchall())


def _failures_of(names: list[str]) -> sql.Composed:
    parts = (
        _FAILED.format(
            name=sql.Literal(name),
            cause=CAUSE,
            schema=sql.Identifier(name),
            table=sql.Identifier(table),
        )
        for name in names
        for table in (LOG, ARCHIVE)
    )
    return _GROUPED.format(sql.SQL(" UNION ALL ").join(parts))


def _waiting_of(names: list[str]) -> sql.Composed:
    parts = (_WAITING.format(name=sql.Literal(name), schema=sql.Identifier(name)) for name in names)
    return sql.SQL(" UNION ALL ").join(parts)
