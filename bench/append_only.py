"""Emptying the tables to which the database only lets rows be added, for benches and tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

_GUARDED = (
    "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE tgname = 'no_truncate' ORDER BY 1"
)


@contextmanager
def may_be_emptied() -> Iterator[None]:
    """Let every table be truncated in this block."""
    _switch("DISABLE")
    try:
        yield
    finally:
        _switch("ENABLE")


def _switch(to: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GUARDED)
        for (table,) in cursor.fetchall():
            statement = sql.SQL("ALTER TABLE {} {} TRIGGER no_truncate")
            cursor.execute(statement.format(sql.Identifier(table), sql.SQL(to)))
