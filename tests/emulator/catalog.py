"""What Postgres' own catalog says about a table."""

from psycopg import sql

from emulator.connect.sync.names import names
from emulator.connect.sync.session import PgConnection


def columns(conn: PgConnection, schema: str, table: str) -> dict[str, str]:
    rows = conn.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        """,
        [sql.SQL("{schema}.{table}").format(**names(schema, table)).as_string(conn)],
    )
    return dict(rows.fetchall())


def indexes(conn: PgConnection, schema: str, table: str) -> dict[str, bool]:
    """Name each index of a table, and say whether it is unique."""
    rows = conn.execute(
        """
        SELECT relname, indisunique FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = %s::regclass
        """,
        [sql.SQL("{schema}.{table}").format(**names(schema, table)).as_string(conn)],
    )
    return dict(rows.fetchall())
