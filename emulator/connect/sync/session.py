"""How Heroku Connect's own database sessions behave."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow

PgConnection = psycopg.Connection[TupleRow]


@contextmanager
def own_session(conn: PgConnection) -> Iterator[None]:
    """Run a transaction whose writes the triggers take for Connect's own, and do not log."""
    with conn.transaction():
        conn.execute("SET LOCAL xmlbinary = 'hex'")
        yield


@contextmanager
def alone(conn: PgConnection, schema: str) -> Iterator[None]:
    """Wait until no other session syncs this schema: Connect has one process a connection."""
    conn.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [schema])
    try:
        yield
    finally:
        if not conn.broken:  # a lost session has lost its locks too
            conn.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [schema])
