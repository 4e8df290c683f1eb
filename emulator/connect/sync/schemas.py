"""A connection's schema in Postgres, made the way Heroku Connect makes it."""

import json

from psycopg import sql

from emulator.connect.sync.capture_functions import capture_functions
from emulator.connect.sync.catalog import hstore_schema
from emulator.connect.sync.session import PgConnection
from emulator.connect.sync.system_tables import READ_XMLBINARY, system_tables
from emulator.connect.sync.text_functions import text_functions

HCVER = 20
# get_xmlbinary() and the extension belong to the whole database. Without this lock, two schemas
# that are made at once would collide on them.
_DATABASE_LOCK = 0x4843


def create_schema(
    conn: PgConnection, schema: str, org_id: str | None, merged_writes: bool, owner: str = ""
) -> None:
    """Make the schema of the connection `owner` with Connect's system tables and functions.

    With `merged_writes` it has no hc_capture_* functions and needs no hstore extension.
    Raises psycopg.errors.DuplicateSchema: Connect never uses a schema again.
    """
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [_DATABASE_LOCK])
        conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        comment = sql.SQL("COMMENT ON SCHEMA {} IS {}")
        conn.execute(comment.format(sql.Identifier(schema), sql.Literal(owner)))
        conn.execute(READ_XMLBINARY + system_tables(conn, schema))
        if merged_writes:
            conn.execute(text_functions(conn, schema))
        else:
            conn.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public")
            conn.execute(capture_functions(conn, schema, hstore_schema(conn)))
        meta = sql.SQL("INSERT INTO {}._hcmeta (hcver, org_id, details) VALUES (%s, %s, %s)")
        details = json.dumps({"merged_writes": merged_writes})
        conn.execute(meta.format(sql.Identifier(schema)), [HCVER, org_id, details])


def set_org(conn: PgConnection, schema: str, org_id: str) -> None:
    """Note whose data the schema holds, once a user of that org has authorized the connection."""
    update = sql.SQL("UPDATE {}._hcmeta SET org_id = %s").format(sql.Identifier(schema))
    conn.execute(update, [org_id])


def drop_schema(conn: PgConnection, schema: str) -> None:
    """Drop the schema and everything in it; a missing schema is accepted."""
    conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
