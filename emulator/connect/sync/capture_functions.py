"""The SQL for hc_capture_insert_from_row and hc_capture_update_from_row, which users may call."""

from psycopg import sql

from emulator.connect.sync.function_body import body
from emulator.connect.sync.session import PgConnection

_CAPTURE_FUNCTIONS = sql.SQL("""
CREATE FUNCTION {schema}.hc_capture_insert_from_row(
    source_row {extension}.hstore, table_name varchar, excluded_cols text[] DEFAULT '{{}}'
) RETURNS int LANGUAGE plpgsql AS {insert_body};
CREATE FUNCTION {schema}.hc_capture_update_from_row(
    source_row {extension}.hstore, table_name varchar, columns_to_include text[] DEFAULT '{{}}'
) RETURNS int LANGUAGE plpgsql AS {update_body};
""")

# As in real schemas: a row without an id cannot be logged, and the answer is NULL.
_CAPTURE_INSERT = sql.SQL("""
DECLARE
    hidden text[] := array_remove(array_remove(excluded_cols, 'id'), 'sfid')
        || '{{_hc_lastop,_hc_err}}'::text[];
    row_id int := (source_row -> 'id')::int;
    entry_id int;
BEGIN
    IF row_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO {schema}._trigger_log
        (action, table_name, txid, created_at, state, record_id, "values")
    VALUES (
        'INSERT', table_name, txid_current(), clock_timestamp(), 'NEW', row_id,
        (source_row - hidden)::text
    ) RETURNING id INTO entry_id;
    RETURN entry_id;
END
""")

_CAPTURE_UPDATE = sql.SQL("""
DECLARE
    hidden text[] := '{{_hc_lastop,_hc_err}}';
    row_id int := (source_row -> 'id')::int;
    entry_id int;
BEGIN
    IF row_id IS NULL THEN
        RETURN NULL;
    END IF;
    IF cardinality(columns_to_include) > 0 THEN
        hidden := hidden || ARRAY(
            SELECT name FROM skeys(source_row) AS name
            WHERE name <> ALL (columns_to_include)
        );
    END IF;
    INSERT INTO {schema}._trigger_log
        (action, table_name, txid, created_at, state, record_id, sfid, "values")
    VALUES (
        'UPDATE', table_name, txid_current(), clock_timestamp(), 'NEW', row_id,
        source_row -> 'sfid',
        (source_row - hidden)::text
    ) RETURNING id INTO entry_id;
    RETURN entry_id;
END
""")


def capture_functions(conn: PgConnection, schema: str, extension: str) -> sql.Composed:
    """SQL that makes hc_capture_*; `extension` is the schema that holds hstore."""
    name = sql.Identifier(schema)
    return _CAPTURE_FUNCTIONS.format(
        schema=name,
        extension=sql.Identifier(extension),
        insert_body=body(conn, _CAPTURE_INSERT, schema=name),
        update_body=body(conn, _CAPTURE_UPDATE, schema=name),
    )
