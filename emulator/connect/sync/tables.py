"""Mapped tables in Postgres, made and changed the way Heroku Connect does it."""

from psycopg import sql

from emulator.connect.sync.catalog import column_names, hstore_schema
from emulator.connect.sync.columns import Config, mapped_columns
from emulator.connect.sync.indexes import change_indexes, create_index, wanted_indexes
from emulator.connect.sync.names import Names, mapped_names, table_name
from emulator.connect.sync.session import PgConnection
from emulator.connect.sync.triggers import TABLE_TRIGGERS, table_functions
from emulator.org.objects import SObject

_FIXED_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")


def create_table(
    conn: PgConnection, schema: str, sobject: SObject, config: Config, merged_writes: bool
) -> None:
    """Make a mapped table with its sequence, indexes, triggers and trigger functions.

    Raises BadConfig for a field or an index that cannot exist, psycopg.errors.DuplicateTable.
    """
    named = mapped_names(schema, sobject.name)
    columns = [column.definition for column in mapped_columns(sobject, config)]
    create = sql.SQL(
        "CREATE TABLE {}.{} ({}, id serial PRIMARY KEY, _hc_lastop varchar(32), _hc_err text)"
    ).format(named["schema"], named["table"], sql.SQL(", ").join(columns))
    with conn.transaction():
        conn.execute(create)
        for index in wanted_indexes(sobject, config):
            create_index(conn, named, index)
        conn.execute(_functions(conn, named, config, merged_writes))
        conn.execute(TABLE_TRIGGERS.format(**named))


def alter_table(
    conn: PgConnection, schema: str, sobject: SObject, config: Config, merged_writes: bool
) -> list[str]:
    """Change a table to fit a new config: columns, indexes and access.

    Returns the columns it added, which are empty until the next load. A column that is no longer
    mapped is dropped with its data. Raises BadConfig.
    """
    named = mapped_names(schema, sobject.name)
    wanted = {column.name: column for column in mapped_columns(sobject, config)}
    indexes = wanted_indexes(sobject, config)
    with conn.transaction():
        present = column_names(conn, named)
        added = [column for name, column in wanted.items() if name not in present]
        dropped = [name for name in present if name not in wanted and name not in _FIXED_COLUMNS]
        changes = [sql.SQL("ADD COLUMN {}").format(column.definition) for column in added]
        changes += [sql.SQL("DROP COLUMN {}").format(sql.Identifier(name)) for name in dropped]
        if changes:
            alter = sql.SQL("ALTER TABLE {}.{} ").format(named["schema"], named["table"])
            conn.execute(alter + sql.SQL(", ").join(changes))
        change_indexes(conn, named, indexes)
        # The access is a constant inside the logger, so a new config needs a new function.
        conn.execute(_functions(conn, named, config, merged_writes))
    return [column.name for column in added]


def drop_table(conn: PgConnection, schema: str, object_name: str) -> None:
    """Drop a mapped table, what depends on it, and its trigger functions, if it exists.

    Its writes that still wait in the trigger log become IGNORED.
    """
    named = mapped_names(schema, object_name)
    with conn.transaction():
        _ignore_waiting_writes(conn, named, table_name(object_name))
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {schema}.{table} CASCADE").format(**named))
        functions = sql.SQL("DROP FUNCTION IF EXISTS {schema}.{status}(), {schema}.{logger}()")
        conn.execute(functions.format(**named))


def _ignore_waiting_writes(conn: PgConnection, named: Names, table: str) -> None:
    log = sql.SQL("{}._trigger_log").format(named["schema"])
    # A user may have dropped the log, and the mapping must still be removable.
    if conn.execute("SELECT to_regclass(%s)", [log.as_string(conn)]).fetchone() == (None,):
        return
    ignore = sql.SQL(
        "UPDATE {} SET state = 'IGNORED', updated_at = now()"
        " WHERE table_name = %s AND (state = 'NEW' OR state = 'PENDING')"
    )
    conn.execute(ignore.format(log), [table])


def _functions(
    conn: PgConnection, named: Names, config: Config, merged_writes: bool
) -> sql.Composed:
    if not merged_writes:
        hstore_schema(conn)  # raises LookupError where the functions could not work
    read_only = config["access"] == "read_only"
    return table_functions(conn, named, read_only=read_only, merged_writes=merged_writes)
