"""Records from an emulated org into a mapped table: the first load, reloads, and polls.

Every function works as Connect's own session, so that the triggers do not log its writes.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql

from emulator.connect.sync.columns import Column, Config, mapped_columns
from emulator.connect.sync.names import Names, names, table_name
from emulator.connect.sync.session import PgConnection, alone, own_session
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.org.records import Record, reader


class Poll(NamedTuple):
    """A poll's result: how many records had changed, and the time of the newest change."""

    rows: int
    newest: datetime | None


def load(
    conn: PgConnection, schema: str, sobject: SObject, config: Config, records: Iterable[Record]
) -> int:
    """Make the table hold these records without the deleted ones, and return how many it holds.

    The first load, a reload and newly added columns all use it. Rows that have not reached
    Salesforce (no sfid) stay.
    """
    live = [record for record in records if not record.deleted]
    named = names(schema, table_name(sobject.name))
    with alone(conn, schema), own_session(conn):
        if _holds_none(conn, named):
            target = sql.SQL("{schema}.{table}").format(**named)
            _copy(conn, target, _columns(sobject, config), live)
        else:
            with _incoming(conn, schema, sobject, config, live):
                _delete_missing(conn, named)
    return len(live)


def poll_salesforce(
    conn: PgConnection,
    schema: str,
    org: Org,
    sobject: SObject,
    config: Config,
    since: datetime | None,
) -> Poll:
    """Copy what changed in the org after `since`; `newest` is the next call's `since`."""
    with alone(conn, schema):
        # Read under the lock: a push in between would be overwritten with older values.
        changed = org.query(sobject.name, since)
        if not changed:
            return Poll(0, since)
        live = [record for record in changed if not record.deleted]
        gone = [record.id for record in changed if record.deleted]
        with own_session(conn), _incoming(conn, schema, sobject, config, live) as named:
            delete = sql.SQL("DELETE FROM {schema}.{table} WHERE sfid = ANY(%s)").format(**named)
            conn.execute(delete, [gone])
    return Poll(len(changed), changed[-1].modified_at)


@contextmanager
def _incoming(
    conn: PgConnection, schema: str, sobject: SObject, config: Config, records: list[Record]
) -> Iterator[Names]:
    """Write records into the mapped table, new ones and known ones; needs a transaction.

    Inside the block they are still in pg_temp.hc_incoming. Yields the statement's identifiers.
    """
    columns = _columns(sobject, config)
    named = names(schema, table_name(sobject.name))
    listed = _listed(columns)
    create = "CREATE TEMP TABLE hc_incoming AS SELECT {columns} FROM {schema}.{table} WITH NO DATA"
    conn.execute(sql.SQL(create).format(columns=listed, **named))
    _copy(conn, sql.SQL("pg_temp.hc_incoming"), columns, records)
    # No upsert: with ON CONFLICT each known row would use up a number of the id sequence.
    _update_known(conn, named, [column.name for column in columns])
    _insert_new(conn, named, listed)
    yield named
    conn.execute("DROP TABLE pg_temp.hc_incoming")


def _holds_none(conn: PgConnection, named: Names) -> bool:
    """Return whether the table has no record of Salesforce yet: then nothing is compared."""
    query = "SELECT NOT EXISTS (SELECT FROM {schema}.{table} WHERE sfid IS NOT NULL)"
    row = conn.execute(sql.SQL(query).format(**named)).fetchone()
    return bool(row and row[0])


def _columns(sobject: SObject, config: Config) -> list[Column]:
    # A relationship column holds what the user wrote, not a field of this record.
    return [column for column in mapped_columns(sobject, config) if not column.from_parent]


def _listed(columns: Iterable[Column]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)


def _copy(
    conn: PgConnection, target: sql.Composable, columns: list[Column], records: Iterable[Record]
) -> None:
    readers = [reader(column.field) for column in columns]
    copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(target, _listed(columns))
    with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
        for record in records:
            copy.write_row([_storable(read(record)) for read in readers])


def _delete_missing(conn: PgConnection, named: Names) -> None:
    conn.execute(
        sql.SQL("""
            DELETE FROM {schema}.{table} AS present WHERE sfid IS NOT NULL AND NOT EXISTS
            (SELECT FROM pg_temp.hc_incoming AS incoming WHERE incoming.sfid = present.sfid)
        """).format(**named)
    )


def _update_known(conn: PgConnection, named: Names, columns: list[str]) -> None:
    changes = [sql.SQL("{0} = incoming.{0}").format(sql.Identifier(name)) for name in columns]
    conn.execute(
        sql.SQL("""
            UPDATE {schema}.{table} AS present SET {changes}
            FROM pg_temp.hc_incoming AS incoming WHERE present.sfid = incoming.sfid
        """).format(changes=sql.SQL(", ").join(changes), **named)
    )


def _insert_new(conn: PgConnection, named: Names, columns: sql.Composed) -> None:
    conn.execute(
        sql.SQL("""
            INSERT INTO {schema}.{table} ({columns})
            SELECT {columns} FROM pg_temp.hc_incoming AS incoming WHERE NOT EXISTS
            (SELECT FROM {schema}.{table} AS present WHERE present.sfid = incoming.sfid)
        """).format(columns=columns, **named)
    )


def _storable(value: Any) -> Any:
    """Remove from text what Postgres cannot store: NUL characters, halves of surrogate pairs."""
    if isinstance(value, str) and not (value.isascii() and "\0" not in value):
        return value.replace("\0", "").encode(errors="replace").decode()
    return value
