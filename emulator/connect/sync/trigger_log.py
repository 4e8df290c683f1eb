"""The trigger log read and tidied: counts, write errors, the archive."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import sql

from emulator.connect.sync.names import names
from emulator.connect.sync.session import PgConnection
from emulator.times import iso

# IGNORE and REQUEUE are requests of a user, which the next push fulfils.
_UNFINISHED = ["NEW", "PENDING", "IGNORE", "REQUEUE"]


class Counts(NamedTuple):
    """Rows of a table; its log entries that wait; its entries that failed, archived ones too."""

    db: int
    pending: int
    errors: int


def counts(conn: PgConnection, schema: str, table: str) -> Counts:
    """Count what a mapping's `counts` say about Postgres."""
    query = sql.SQL("""
        SELECT
            (SELECT count(*) FROM {schema}.{table}),
            (SELECT count(*) FROM {schema}._trigger_log
             WHERE table_name = %(table)s AND (state = 'NEW' OR state = 'PENDING')),
            (SELECT count(*) FROM {schema}._trigger_log
             WHERE table_name = %(table)s AND state = 'FAILED')
            + (SELECT count(*) FROM {schema}._trigger_log_archive
               WHERE table_name = %(table)s AND state = 'FAILED')
    """).format(**names(schema, table))
    row = conn.execute(query, {"table": table}).fetchone()
    return Counts(*row) if row else Counts(0, 0, 0)


def write_errors(
    conn: PgConnection, schema: str, since: datetime, table: str | None = None
) -> list[dict[str, Any]]:
    """List refused writes from `since` on, newest first, as Connect's errors endpoint shows them.

    `id` is the trigger-log id and `record_id` the row's id, both as text.
    """
    query = sql.SQL("""
        SELECT id, table_name, record_id, sf_message, created_at FROM (
            SELECT * FROM {schema}._trigger_log
            UNION ALL SELECT * FROM {schema}._trigger_log_archive
        ) AS entries
        WHERE state = 'FAILED' AND coalesce(processed_at, created_at) >= %(since)s
            AND table_name = coalesce(%(table)s, table_name)
        ORDER BY id DESC
    """).format(schema=sql.Identifier(schema))
    rows = conn.execute(query, {"since": since, "table": table}).fetchall()
    return [
        {
            "id": str(entry_id),
            "table_name": table_name,
            "record_id": str(record_id),
            "message": message,
            "created_at": iso(created_at),
        }
        for entry_id, table_name, record_id, message, created_at in rows
    ]


def archive(conn: PgConnection, schema: str, older_than: datetime, keep_days: int) -> int:
    """Move entries finished before `older_than` to the archive, and return how many.

    Archived entries that finished more than `keep_days` before that moment are deleted.
    """
    move = sql.SQL("""
        WITH finished AS (
            DELETE FROM {schema}._trigger_log
            WHERE state <> ALL(%s) AND coalesce(processed_at, created_at) < %s RETURNING *
        )
        INSERT INTO {schema}._trigger_log_archive SELECT * FROM finished
    """)
    prune = sql.SQL("""
        DELETE FROM {schema}._trigger_log_archive WHERE coalesce(processed_at, created_at) < %s
    """)
    named = {"schema": sql.Identifier(schema)}
    with conn.transaction():
        moved = conn.execute(move.format(**named), [_UNFINISHED, older_than]).rowcount
        conn.execute(prune.format(**named), [older_than - timedelta(days=keep_days)])
    return moved
