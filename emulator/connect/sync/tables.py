"""Tables of a connection in Postgres, made and changed the way Heroku Connect does it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from emulator.connect.sync import triggers
from emulator.connect.sync.session import Connection
from emulator.org.objects import STANDARD_FIELDS, Field, SObject

Config = Mapping[str, Any]  # a mapping's config as in export documents: access, fields, indexes …

HCVER = 20
# get_xmlbinary() and the extension belong to the whole database, so two schemas made at once
# would otherwise collide on them.
_DATABASE_LOCK = 0x4843
RELATIONSHIP = re.compile(r"([A-Za-z][A-Za-z0-9_]*)__r__([A-Za-z][A-Za-z0-9_]*)")
_FIXED_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")
_SYSTEM_TYPES = {
    "Id": "id",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
    "LastModifiedDate": "datetime",
    "IsDeleted": "boolean",
}
_TYPES = {
    "id": "varchar(18)",
    "reference": "varchar(18)",
    "picklist": "varchar(255)",
    "multipicklist": "varchar(4099)",
    "double": "double precision",
    "currency": "double precision",
    "percent": "double precision",
    "int": "integer",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "email": "varchar(80)",
    "phone": "varchar(40)",
    "url": "varchar(255)",
}
_LONG_TEXT = 1000  # characters; longer text areas become `text`
_NAME_BYTES = 63


class BadConfig(Exception):
    """A mapping names an object, a field or an index that cannot be; the text says which."""


@dataclass(frozen=True)
class Column:
    """A mapped column: its name, the field's API name as the org spells it, its SQL type."""

    name: str
    field: str
    sql_type: str


@dataclass(frozen=True)
class Index:
    """An index on one column."""

    column: str
    unique: bool


def table_name(object_name: str) -> str:
    """Return an object's table: its API name in lower case, the namespace kept."""
    return short(object_name.lower())


def column_name(field_name: str) -> str:
    """Return a field's column: its API name in lower case; the Salesforce id is `sfid`."""
    lower = field_name.lower()
    return "sfid" if lower == "id" else short(lower)


def short(name: str) -> str:
    """Cut a name to Postgres' 63 bytes, keeping long ones apart by a checksum."""
    if len(name.encode()) <= _NAME_BYTES:
        return name
    checksum = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _NAME_BYTES - 9]}_{checksum}"


def mapped_columns(sobject: SObject, config: Config) -> list[Column]:
    """List the columns of config["fields"], `sfid` always among them, in the config's order.

    Raises BadConfig, naming every field that the object does not have.
    """
    columns = {"sfid": Column("sfid", "Id", _TYPES["id"])}
    unknown = []
    for name in config["fields"]:
        column = _column(sobject, name)
        if column is None:
            unknown.append(name)
        else:
            columns[column.name] = column
    if unknown:
        raise BadConfig(f"{sobject.name} has no such field: {', '.join(unknown)}")
    return list(columns.values())


def create_schema(conn: Connection, schema: str, org_id: str | None, merged_writes: bool) -> None:
    """Make the schema with Connect's system tables and functions.

    `merged_writes` leaves out the hc_capture_* functions and does without the hstore extension.
    Raises psycopg.errors.DuplicateSchema: Connect never re-uses a schema.
    """
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [_DATABASE_LOCK])
        conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        conn.execute(triggers.READ_XMLBINARY + triggers.system_tables(conn, schema))
        if merged_writes:
            conn.execute(triggers.text_functions(conn, schema))
        else:
            conn.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public")
            conn.execute(triggers.capture_functions(conn, schema, _hstore_schema(conn)))
        meta = sql.SQL("INSERT INTO {}._hcmeta (hcver, org_id, details) VALUES (%s, %s, %s)")
        details = json.dumps({"merged_writes": merged_writes})
        conn.execute(meta.format(sql.Identifier(schema)), [HCVER, org_id, details])


def set_org(conn: Connection, schema: str, org_id: str) -> None:
    """Note whose data the schema holds, once somebody has authorised the connection."""
    conn.execute(
        sql.SQL("UPDATE {}._hcmeta SET org_id = %s").format(sql.Identifier(schema)), [org_id]
    )


def drop_schema(conn: Connection, schema: str) -> None:
    """Drop the schema and all that is in it; a missing one is no error."""
    conn.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def create_table(
    conn: Connection, schema: str, sobject: SObject, config: Config, merged_writes: bool
) -> None:
    """Make a mapped table with its sequence, indexes, triggers and trigger functions.

    Raises BadConfig for a field or an index that cannot be, psycopg.errors.DuplicateTable.
    """
    names = _names(schema, sobject.name)
    columns = [_definition(column) for column in mapped_columns(sobject, config)]
    create = sql.SQL(
        "CREATE TABLE {}.{} ({}, id serial PRIMARY KEY, _hc_lastop varchar(32), _hc_err text)"
    ).format(names["schema"], names["table"], sql.SQL(", ").join(columns))
    with conn.transaction():
        conn.execute(create)
        for name, index in _wanted_indexes(sobject, config).items():
            conn.execute(_create_index(names, name, index))
        conn.execute(_functions(conn, names, config, merged_writes))
        conn.execute(triggers.TABLE_TRIGGERS.format(**names))


def alter_table(
    conn: Connection, schema: str, sobject: SObject, config: Config, merged_writes: bool
) -> list[str]:
    """Fit a table to a changed config: columns, indexes and access.

    Returns the columns it added, which are empty until the next load. A column that is no longer
    mapped is dropped with its data. Raises BadConfig.
    """
    names = _names(schema, sobject.name)
    wanted = {column.name: column for column in mapped_columns(sobject, config)}
    indexes = _wanted_indexes(sobject, config)
    with conn.transaction():
        present = _present_columns(conn, names)
        added = [column for name, column in wanted.items() if name not in present]
        dropped = [name for name in present if name not in wanted and name not in _FIXED_COLUMNS]
        changes = [sql.SQL("ADD COLUMN {}").format(_definition(column)) for column in added]
        changes += [sql.SQL("DROP COLUMN {}").format(sql.Identifier(name)) for name in dropped]
        if changes:
            alter = sql.SQL("ALTER TABLE {}.{} ").format(names["schema"], names["table"])
            conn.execute(alter + sql.SQL(", ").join(changes))
        _fit_indexes(conn, names, indexes)
        conn.execute(_functions(conn, names, config, merged_writes))
    return [column.name for column in added]


def drop_table(conn: Connection, schema: str, object_name: str) -> None:
    """Drop a mapped table, what depends on it, and its trigger functions; missing is no error.

    Writes of it that still wait in the trigger log are ignored from then on.
    """
    names = _names(schema, object_name)
    log = sql.SQL("{}._trigger_log").format(names["schema"])
    with conn.transaction():
        if conn.execute("SELECT to_regclass(%s)", [log.as_string(conn)]).fetchone() != (None,):
            ignore = sql.SQL(
                "UPDATE {} SET state = 'IGNORED', updated_at = now()"
                " WHERE table_name = %s AND (state = 'NEW' OR state = 'PENDING')"
            )
            conn.execute(ignore.format(log), [table_name(object_name)])
        conn.execute(
            sql.SQL("DROP TABLE IF EXISTS {}.{} CASCADE").format(names["schema"], names["table"])
        )
        conn.execute(
            sql.SQL("DROP FUNCTION IF EXISTS {schema}.{status}(), {schema}.{logger}()").format(
                **names
            )
        )


def _column(sobject: SObject, name: str) -> Column | None:
    known = sobject.field(name)
    if known:
        return Column(column_name(name), known.name, _sql_type(known))
    if RELATIONSHIP.fullmatch(name):  # a parent named by its external id, always text
        return Column(column_name(name), name, "text")
    standard = next((each for each in STANDARD_FIELDS if each.lower() == name.lower()), None)
    if standard is None:
        return None
    return Column(column_name(standard), standard, _TYPES[_SYSTEM_TYPES[standard]])


def _sql_type(known: Field) -> str:
    if known.type == "string" or (known.type == "textarea" and known.length <= _LONG_TEXT):
        return f"varchar({int(known.length)})"
    return _TYPES.get(known.type, "text")


def _definition(column: Column) -> sql.Composed:
    # The type comes from the table above and holds nothing that anybody typed.
    return sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.sql_type))


def _names(schema: str, object_name: str) -> dict[str, sql.Identifier]:
    table = table_name(object_name)
    return {
        "schema": sql.Identifier(schema),
        "table": sql.Identifier(table),
        "status": sql.Identifier(short(f"hc_{table}_status")),
        "logger": sql.Identifier(short(f"hc_{table}_logger")),
        "status_trigger": sql.Identifier(short(f"hc_{table}_status_trigger")),
        "log_trigger": sql.Identifier(short(f"hc_{table}_logtrigger")),
    }


def _functions(
    conn: Connection, names: dict[str, sql.Identifier], config: Config, merged_writes: bool
) -> sql.Composed:
    read_only = config["access"] == "read_only"
    extension = None if merged_writes else _hstore_schema(conn)
    return triggers.table_functions(conn, names, read_only=read_only, extension=extension)


def _hstore_schema(conn: Connection) -> str:
    # Not always public: a database may keep its extensions in a schema of their own.
    query = """
        SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
        WHERE extname = 'hstore'
    """
    row = conn.execute(query).fetchone()
    if row is None:
        raise LookupError("ordered writes need the hstore extension, which this database lacks")
    return str(row[0])


def _wanted_indexes(sobject: SObject, config: Config) -> dict[str, Index]:
    table = table_name(sobject.name)
    mapped = {column.name for column in mapped_columns(sobject, config)}
    unique = {"sfid": True}
    if "systemmodstamp" in mapped:
        unique["systemmodstamp"] = False
    for field, options in (config.get("indexes") or {}).items():
        if column_name(field) not in mapped:
            raise BadConfig(f"{sobject.name} has an index on {field}, which is not mapped")
        if column_name(field) != "sfid":
            unique[column_name(field)] = bool(options.get("unique"))
    return {
        short(f"{'hcu' if alone else 'hc'}_idx_{table}_{column}"): Index(column, alone)
        for column, alone in unique.items()
    }


def _create_index(names: dict[str, sql.Identifier], name: str, index: Index) -> sql.Composed:
    return sql.SQL("CREATE {unique} INDEX {index} ON {schema}.{table} ({column})").format(
        unique=sql.SQL("UNIQUE" if index.unique else ""),
        index=sql.Identifier(name),
        column=sql.Identifier(index.column),
        schema=names["schema"],
        table=names["table"],
    )


def _present_columns(conn: Connection, names: dict[str, sql.Identifier]) -> list[str]:
    query = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
    """
    return [row[0] for row in conn.execute(query, [_qualified(conn, names)])]


def _fit_indexes(
    conn: Connection, names: dict[str, sql.Identifier], wanted: dict[str, Index]
) -> None:
    query = """
        SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = %s::regclass AND relname ~ '^hcu?_idx_'
    """
    present = {row[0] for row in conn.execute(query, [_qualified(conn, names)])}
    for name in present - wanted.keys():
        conn.execute(
            sql.SQL("DROP INDEX {}.{}").format(names["schema"], sql.Identifier(name)),
        )
    for name in wanted.keys() - present:
        conn.execute(_create_index(names, name, wanted[name]))


def _qualified(conn: Connection, names: dict[str, sql.Identifier]) -> str:
    return sql.SQL("{}.{}").format(names["schema"], names["table"]).as_string(conn)
