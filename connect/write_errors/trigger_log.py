"""Reading the tenants' schemas: failed writes, waiting writes, rows and system tables.

One statement for many schemas, each table named with its schema, never by search_path; in a
read-only transaction with a time limit. The tables and their columns are Heroku Connect's (as in
public dumps of connection schemas).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import databases, schemas
from connect.models import Connection
from connect.write_errors.cause import CAUSE

LOG, ARCHIVE, META = "_trigger_log", "_trigger_log_archive", "_hcmeta"
SYSTEM_TABLES = frozenset({LOG, ARCHIVE, META})
STATEMENT_TIMEOUT = "20s"
MAX_ROWS = 200

# "values" is a reserved word. A deletion has only `old`.
_ROWS = sql.SQL("""
SELECT {log_name}, id, record_id, sfid, action, coalesce(sf_message, ''),
    coalesce("values", old, ''), created_at
FROM {schema}.{log} WHERE state = 'FAILED' AND table_name = %s AND {cause} = %s
""")


@dataclass(frozen=True)
class FailedWrite:
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
def reading(alias: str) -> Iterator[CursorWrapper]:
    """Open a read-only cursor with a time limit in a tenants' database. Raises DatabaseAway."""
    with databases.cursor_of(alias) as cursor:
        # A mistake in a statement must not be able to change a tenant's rows.
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [STATEMENT_TIMEOUT])
        yield cursor


def chosen_rows(
    connection: Connection,
    table: str,
    cause: str,
    limit: int,
    chosen: Sequence[tuple[str, int]] | None,
) -> list[FailedWrite]:
    """Return the failed writes of a cause; with `chosen`, only those pairs of a log and an id."""
    found = rows(connection, table, cause, limit)
    if chosen is None:
        return found
    wanted = {(log, pk) for log, pk in chosen}
    return [each for each in found if (each.log, each.id) in wanted]


def rows(
    connection: Connection, table: str, cause: str, limit: int = MAX_ROWS
) -> list[FailedWrite]:
    """Return the failed writes of one tenant, table and cause, newest first."""
    both = sql.SQL(" UNION ALL ").join(
        _ROWS.format(
            log_name=sql.Literal(each),
            schema=sql.Identifier(schemas.checked(connection.schema_name)),
            log=sql.Identifier(each),
            cause=CAUSE,
        )
        for each in (LOG, ARCHIVE)
    )
    with reading(databases.alias_of(connection)) as cursor:
        statement = both + sql.SQL(" ORDER BY 8 DESC, 2 DESC LIMIT %s")
        cursor.execute(statement, [table, cause, table, cause, limit])
        return [FailedWrite(*row) for row in cursor.fetchall()]
