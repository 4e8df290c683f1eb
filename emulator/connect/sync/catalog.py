"""Questions to Postgres' own catalog about a connection's schema."""

from psycopg import sql

from emulator.connect.sync.names import Names
from emulator.connect.sync.session import PgConnection


def table_exists(conn: PgConnection, schema: str, table: str) -> bool:
    """Return whether a table exists."""
    query = "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = %s"
    return conn.execute(query, [schema, table]).fetchone() is not None


def schema_exists(conn: PgConnection, schema: str) -> bool:
    """Return whether a schema exists."""
    query = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    return conn.execute(query, [schema]).fetchone() is not None


def schema_owner(conn: PgConnection, schema: str) -> str | None:
    """Return the connection for which a schema was made; None if there is no such schema."""
    query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
    found = conn.execute(query, [schema]).fetchone()
    return found[0] if found else None


def column_names(conn: PgConnection, named: Names) -> list[str]:
    """List a table's columns in their order."""
    query = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
    return [row[0] for row in conn.execute(query, [_qualified(conn, named)])]


def connect_indexes(conn: PgConnection, named: Names) -> set[str]:
    """Name the indexes of a table that Connect made."""
    query = """
        SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = %s::regclass AND relname ~ '^hcu?_idx_'
    """
    return {row[0] for row in conn.execute(query, [_qualified(conn, named)])}


def hstore_schema(conn: PgConnection) -> str:
    """Name the schema that holds the hstore extension; raises LookupError without it."""
    # It is not always public: a database may keep its extensions in a schema of their own.
    query = """
        SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
        WHERE extname = 'hstore'
    """
    row = conn.execute(query).fetchone()
    if row is None:
        raise LookupError("ordered writes need the hstore extension, which this database lacks")
    return str(row[0])


def _qualified(conn: PgConnection, named: Names) -> str:
    return sql.SQL("{schema}.{table}").format(**named).as_string(conn)
