"""Tenants' schemas with mapped tables, a trigger log and its archive, for the failed writes."""

from collections.abc import Iterable

from django.db import connection as database
from psycopg import sql

from bench import health_fleet
from connect.models import Connection, Mapping

ROWS, KINDS = 50, 12  # failed writes in each schema, and their causes
TENTHS = 10
_FILL = sql.SQL("""
    CREATE SCHEMA {schema};
    CREATE TABLE {schema}._hcmeta (id int);
    CREATE TABLE {schema}._trigger_log (
        id serial PRIMARY KEY, created_at timestamptz DEFAULT now(), state varchar(8),
        action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
        old text, "values" text, sf_message text
    );
    CREATE TABLE {schema}._trigger_log_archive (LIKE {schema}._trigger_log);
    INSERT INTO {schema}._trigger_log (state, action, table_name, record_id, sf_message)
    SELECT 'FAILED', 'INSERT', 'account', n, 'CODE_' || chr(65 + n % {kinds})
        || ': record 0015g0000' || lpad(n::text, 6, '0') || 'AAA has a bad value "' || n || '"'
    FROM generate_series(1, {rows}) AS n;
    INSERT INTO {schema}._trigger_log_archive
    SELECT * FROM {schema}._trigger_log WHERE id <= {some};
    INSERT INTO {schema}._trigger_log_archive (id, created_at, state, action, table_name, record_id)
    SELECT {rows} + n, now(), 'SUCCESS', 'UPDATE', 'account', n
    FROM generate_series(1, {rows}) AS n;
    INSERT INTO {schema}._trigger_log (state, action, table_name, record_id)
    SELECT 'NEW', 'UPDATE', 'account', n FROM generate_series(1, {some}) AS n;
    CREATE INDEX ON {schema}._trigger_log (state, id);
""")
_TABLE = sql.SQL("CREATE TABLE {}.{} AS SELECT n AS id FROM generate_series(1, 100) AS n")
_CHANGE = sql.SQL("""
    UPDATE {schema}._trigger_log SET created_at = clock_timestamp()
    WHERE state = 'FAILED' AND id % {tenths} = {tenth}
""")


def fill(names: Iterable[str]) -> None:
    """Make the schemas, and the mappings of their connections."""
    tables = [each.lower() for each in health_fleet.OBJECTS]
    values = {"rows": ROWS, "kinds": KINDS, "some": ROWS // TENTHS}
    with database.cursor() as cursor:
        for name in names:
            schema = sql.Identifier(name)
            cursor.execute(_FILL.format(schema=schema, **values))
            for table in tables:
                cursor.execute(_TABLE.format(schema, sql.Identifier(table)))
    Mapping.objects.bulk_create(
        Mapping(connection_id=key, object_name=each)
        for key in Connection.objects.values_list("pk", flat=True)
        for each in health_fleet.OBJECTS
    )


def change(names: Iterable[str], tenth: int) -> None:
    """Let a tenth of the failed writes of each schema be of now."""
    with database.cursor() as cursor:
        for name in names:
            values = {"tenths": TENTHS, "tenth": tenth % TENTHS}
            cursor.execute(_CHANGE.format(schema=sql.Identifier(name), **values))


def drop(names: Iterable[str]) -> None:
    """Drop the schemas."""
    with database.cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
