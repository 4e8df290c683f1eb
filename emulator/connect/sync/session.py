"""How Heroku Connect's own database sessions behave."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]


@contextmanager
def own_session(conn: Connection) -> Iterator[None]:
    """Run a transaction in which the triggers take every write for Connect's own."""
    with conn.transaction():
        conn.execute("SET LOCAL xmlbinary = 'hex'")
        yield


@contextmanager
def alone(conn: Connection, schema: str) -> Iterator[None]:
    """Wait until nobody else syncs this schema: Connect has one database process a connection."""
    conn.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [schema])
    try:
        yield
    finally:
        if not conn.broken:  # a lost session has lost its locks too
            conn.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [schema])


def names(schema: str, table: str) -> dict[str, sql.Identifier]:
    """Return the identifiers for a statement's {schema} and {table}."""
    return {"schema": sql.Identifier(schema), "table": sql.Identifier(table)}
