"""Reading the tenants' schemas: failed writes, waiting writes, rows and system tables.

One statement for many schemas, each table named with its schema, never by search_path; in a
transaction that cannot write, with a time limit. The tables and their columns are Heroku Connect's
(as in public dumps of connection schemas).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.db import connection as database
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import schemas

log = logging.getLogger(__name__)

LOG, ARCHIVE, META = "_trigger_log", "_trigger_log_archive", "_hcmeta"
SYSTEM_TABLES = frozenset({LOG, ARCHIVE, META})
SCHEMAS_AT_A_TIME = 50
TIME_LIMIT = "20s"
MOST_ROWS = 200
LONGEST_CAUSE = 300

# What differs from row to row is left out: addresses, ids, quoted values, numbers. The order
# matters, since an id holds digits.
CAUSE = sql.SQL(r"""
left(coalesce(nullif(btrim(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    regexp_replace(sf_message,
        '\S+@\S+', '<e-mail>', 'g'),
        '\m(?=[A-Za-z]*\d)[A-Za-z0-9]{{15}}(?:[A-Za-z0-9]{{3}})?\M', '<id>', 'g'),
        '"[^"]*"', '"…"', 'g'),
        '\d+', '#', 'g')
), ''), 'no message'), 300)
""")
_FAILED = sql.SQL("""
SELECT {name} AS schema_name, table_name, {cause} AS cause, sf_message, created_at
FROM {schema}.{table} WHERE state = 'FAILED'
""")
_GROUPED = sql.SQL("""
SELECT schema_name, table_name, cause, max(sf_message), count(*), min(created_at), max(created_at)
FROM ({}) AS failed GROUP BY schema_name, table_name, cause
""")
_WAITING = sql.SQL("""
SELECT {name}, count(*), min(created_at) FROM {schema}._trigger_log
WHERE state = 'NEW' OR state = 'PENDING'
""")
_TABLES = """
SELECT n.nspname, array_agg(c.relname::text) FILTER (WHERE c.relname = ANY(%s)),
    coalesce(sum(greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0))
        FILTER (WHERE c.relname !~ '^_'), 0)
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
WHERE n.nspname = ANY(%s) GROUP BY n.nspname
"""


@dataclass(frozen=True)
class Tables:
    """What a schema holds: whether Connect's own tables are all there, and rows (an estimate)."""

    complete: bool
    rows: int


@dataclass(frozen=True)
class Failures:
    """Failed writes of one schema, table and cause."""

    schema: str
    table: str
    cause: str
    example: str
    count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class Waiting:
    """Writes of a schema that Heroku Connect has not carried yet."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class Scan:
    """What one pass over many schemas found; a schema that could not be read is in `unread`."""

    tables: dict[str, Tables]
    failures: list[Failures]
    waiting: dict[str, Waiting]
    unread: set[str]


@dataclass(frozen=True)
class Row:
    """One failed write."""

    log: str
    id: int
    record_id: int
    sfid: str | None
    action: str
    message: str
    values: str
    created_at: datetime


@contextmanager
def reading() -> Iterator[CursorWrapper]:
    """Lend a cursor that cannot write, nor wait for long."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [TIME_LIMIT])
        yield cursor


def scan(names: Sequence[str]) -> Scan:
    """Look through tenants' schemas. A schema that cannot be read never hides the others."""
    names = [schemas.checked(name) for name in names]
    found = Scan(_tables(names), [], {}, set())
    complete = [name for name in names if name in found.tables and found.tables[name].complete]
    for at in range(0, len(complete), SCHEMAS_AT_A_TIME):
        _scan_some(complete[at : at + SCHEMAS_AT_A_TIME], found)
    return found


def rows(name: str, table: str, cause: str, limit: int = MOST_ROWS) -> list[Row]:
    """Return the failed writes of one schema, table and cause, newest first."""
    one = sql.SQL("""
        SELECT {log_name}, id, record_id, sfid, action, coalesce(sf_message, ''),
            coalesce("values", old, ''), created_at
        FROM {schema}.{log} WHERE state = 'FAILED' AND table_name = %s AND {cause} = %s
    """)
    both = sql.SQL(" UNION ALL ").join(
        one.format(
            log_name=sql.Literal(each),
            schema=sql.Identifier(schemas.checked(name)),
            log=sql.Identifier(each),
            cause=CAUSE.format(),
        )
        for each in (LOG, ARCHIVE)
    )
    with reading() as cursor:
        statement = both + sql.SQL(" ORDER BY 8 DESC, 2 DESC LIMIT %s")
        cursor.execute(statement, [table, cause, table, cause, limit])
        return [Row(*row) for row in cursor.fetchall()]


def _tables(names: list[str]) -> dict[str, Tables]:
    with reading() as cursor:
        cursor.execute(_TABLES, [list(SYSTEM_TABLES), names])
        return {
            name: Tables(set(system or ()) >= SYSTEM_TABLES, int(count))
            for name, system, count in cursor.fetchall()
        }


def _scan_some(names: list[str], found: Scan) -> None:
    """Scan some schemas in one transaction; on an error each by itself."""
    try:
        with reading() as cursor:
            failures = [Failures(*row) for row in _run(cursor, _failures_of(names))]
            waiting = {row[0]: Waiting(*row[1:]) for row in _run(cursor, _waiting_of(names))}
    except DatabaseError as trouble:
        if len(names) == 1:
            log.warning("schema not read schema=%s error=%s", names[0], trouble)
            found.unread.add(names[0])
            return
        for name in names:
            _scan_some([name], found)
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
            cause=CAUSE.format(),
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
