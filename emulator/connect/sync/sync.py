"""Data between Postgres and an emulated org, moved the way Heroku Connect moves it.

Every function works as Connect's own session, so that the triggers log none of it. Give each an
autocommit connection: the steps of a push are committed one by one, so that others see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import sql

from emulator.connect.sync.push import Push
from emulator.connect.sync.session import Connection, alone, names, own_session
from emulator.connect.sync.tables import RELATIONSHIP, Config, mapped_columns, table_name
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.org.records import Record
from emulator.times import iso

SYSTEM_TABLES = ("_hcmeta", "_trigger_log", "_trigger_log_archive")
_UNFINISHED = ["NEW", "PENDING", "IGNORE", "REQUEUE"]


class Poll(NamedTuple):
    """A poll's result: how many records had changed, and the newest change's time."""

    rows: int
    newest: datetime | None


class PushResult(NamedTuple):
    """How many trigger-log entries ended in which state."""

    success: int
    failed: int
    ignored: int
    merged: int


class Counts(NamedTuple):
    """Rows of a table; its log entries that wait; its log entries, archived too, that failed."""

    db: int
    pending: int
    errors: int


def load(
    conn: Connection, schema: str, sobject: SObject, config: Config, records: Iterable[Record]
) -> int:
    """Make the table hold these records, deleted ones apart, and return how many that are.

    Serves the first load, a reload and newly added columns alike. Rows that have not reached
    Salesforce (no sfid) stay.
    """
    live = [record for record in records if not record.deleted]
    with (
        alone(conn, schema),
        own_session(conn),
        _incoming(conn, schema, sobject, config, live) as named,
    ):
        conn.execute(
            sql.SQL("""
                DELETE FROM {schema}.{table} AS present WHERE sfid IS NOT NULL AND NOT EXISTS
                (SELECT FROM pg_temp.hc_incoming AS incoming WHERE incoming.sfid = present.sfid)
            """).format(**named)
        )
    return len(live)


def poll_salesforce(
    conn: Connection,
    schema: str,
    org: Org,
    sobject: SObject,
    config: Config,
    since: datetime | None,
) -> Poll:
    """Bring over what changed in the org after `since`; `newest` is the next call's `since`."""
    with alone(conn, schema):
        changed = org.query(sobject.name, since)
        if not changed:
            return Poll(0, since)
        live = [record for record in changed if not record.deleted]
        gone = [record.id for record in changed if record.deleted]
        with own_session(conn), _incoming(conn, schema, sobject, config, live) as named:
            delete = sql.SQL("DELETE FROM {schema}.{table} WHERE sfid = ANY(%s)").format(**named)
            conn.execute(delete, [gone])
    return Poll(len(changed), changed[-1].modified_at)


def push_writes(
    conn: Connection,
    schema: str,
    org: Org,
    mappings: Mapping[str, Config],
    now: datetime,
    merged_writes: bool,
) -> PushResult:
    """Carry the trigger log's new entries to the org, oldest first, and note what came of each.

    Entries of tables that are not in `mappings` go on waiting. A mapping's access is not asked: a
    switch to read_only does not stop what was captured before.
    """
    objects = {table_name(name): name for name in mappings}
    push = Push(conn, schema, org, objects, now, merged_writes)
    with alone(conn, schema):
        push.run()
    ends = push.states
    return PushResult(ends["SUCCESS"], ends["FAILED"], ends["IGNORED"], ends["MERGED"])


def archive(conn: Connection, schema: str, older_than: datetime, keep_days: int) -> int:
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


def counts(conn: Connection, schema: str, table: str) -> Counts:
    """Count what a mapping's `counts` tell of the Postgres side."""
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
    conn: Connection, schema: str, since: datetime, table: str | None = None
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


def validate(conn: Connection, schema: str) -> bool:
    """Say whether the system tables are there; without them a connection is DB_UNAVAILABLE."""
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename = ANY(%s)"
    found = conn.execute(query, [schema, list(SYSTEM_TABLES)]).fetchone()
    return found == (len(SYSTEM_TABLES),)


@contextmanager
def _incoming(
    conn: Connection, schema: str, sobject: SObject, config: Config, records: list[Record]
) -> Iterator[dict[str, sql.Identifier]]:
    """Write records into the mapped table, new ones and known ones; needs a transaction.

    Inside the block they are still in pg_temp.hc_incoming. Yields the statement's identifiers.
    """
    # A relationship column holds what the user wrote, not a field of this record.
    columns = [
        column
        for column in mapped_columns(sobject, config)
        if not RELATIONSHIP.fullmatch(column.field)
    ]
    named = names(schema, table_name(sobject.name))
    listed = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    conn.execute(
        sql.SQL(
            "CREATE TEMP TABLE hc_incoming AS SELECT {columns} FROM {schema}.{table} WITH NO DATA"
        ).format(columns=listed, **named)
    )
    fields = [column.field for column in columns]
    with (
        conn.cursor() as cursor,
        cursor.copy(sql.SQL("COPY pg_temp.hc_incoming ({}) FROM STDIN").format(listed)) as copy,
    ):
        for record in records:
            copy.write_row([_cell(record.get(field)) for field in fields])
    _update_known(conn, named, [column.name for column in columns])
    conn.execute(
        sql.SQL("""
            INSERT INTO {schema}.{table} ({columns})
            SELECT {columns} FROM pg_temp.hc_incoming AS incoming WHERE NOT EXISTS
            (SELECT FROM {schema}.{table} AS present WHERE present.sfid = incoming.sfid)
        """).format(columns=listed, **named)
    )
    yield named
    conn.execute("DROP TABLE pg_temp.hc_incoming")


def _update_known(conn: Connection, named: dict[str, sql.Identifier], columns: list[str]) -> None:
    changes = [sql.SQL("{0} = incoming.{0}").format(sql.Identifier(name)) for name in columns]
    conn.execute(
        sql.SQL("""
            UPDATE {schema}.{table} AS present SET {changes}
            FROM pg_temp.hc_incoming AS incoming WHERE present.sfid = incoming.sfid
        """).format(changes=sql.SQL(", ").join(changes), **named)
    )


def _cell(value: Any) -> Any:
    """Take from text what Postgres cannot hold: NUL characters and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    return value
