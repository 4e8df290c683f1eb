"""Tables filled as fast as Postgres can: no row is checked, and the indexes are made last."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection as database
from psycopg import sql

# Those of constraints stay: they have no statement of their own.
_INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
# An index of ten million rows is sorted in memory.
_MEMORY = "1GB"


@contextmanager
def unindexed(tables: list[str]) -> Iterator[None]:
    """Let these tables have no indexes in this block, and check no foreign key.

    The session must be a superuser's. Nobody else may use the database.
    """
    with database.cursor() as cursor:
        cursor.execute(_INDEXES, [tables])
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("RESET session_replication_role")
        cursor.execute(f"SET maintenance_work_mem = '{_MEMORY}'")
        for _, definition in found:
            cursor.execute(definition)
