"""What happens to a mapping in the course of time: its table, its loads, its errors."""

import uuid
from typing import Any

import psycopg

from emulator.connect.engine.agenda import (
    Entry,
    drop_steps,
    mapping_of,
    move,
    notify,
    schedule,
    schedule_at,
)
from emulator.connect.sync import columns, load, names, tables, trigger_log
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.times import iso

MAPPING_ERRORS = (
    "BULK_LOAD_ERROR",
    "SYSTEM_ERROR",
    "DB_UNAVAILABLE",
    "BAD_CONFIG",
    "SYNC_REMOVED",
    "INACTIVE_ORG",
    "UNAUTHORIZED",
)
REVISION_OF_NEW = 1
_STAMPS = {"revision", "applied_at"}


def put_mapping(
    world: World,
    connection: Connection,
    object_name: str,
    config: dict[str, Any],
    at: float | None = None,
) -> Mapping:
    """Make or overwrite the mapping of an object; tables follow in the course of time."""
    at = world.clock.seconds if at is None else at
    now = world.clock.now()
    mapping = find_mapping(world, connection, object_name)
    if mapping is None:
        config = {**config, "revision": REVISION_OF_NEW, "applied_at": iso(now)}
        mapping = Mapping(
            str(uuid.uuid4()), world.next_number(), connection.id, object_name, config, now, now
        )
        state, step = "INITIAL", "table"
    else:
        revision = mapping.config["revision"]
        if mapping.state not in MAPPING_ERRORS and _same(mapping.config, config):
            return mapping
        mapping.config = {**config, "revision": revision + 1, "applied_at": iso(now)}
        state, step = "SCHEMA_CHANGED", "altered"
    move(world, mapping, state)
    drop_steps(connection, mapping)
    schedule_at(connection, at + world.behaviour.initial_seconds, step, mapping=mapping.id)
    world.put(connection)
    return mapping


def find_mapping(world: World, connection: Connection, object_name: str) -> Mapping | None:
    """Find the mapping of an object, whatever the case of its name."""
    wanted = object_name.lower()
    found = (m for m in world.mappings_of(connection) if m.object_name.lower() == wanted)
    return next(found, None)


def _same(current: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return {**current, **wanted} == current and current.keys() - wanted.keys() <= _STAMPS


def reload(world: World, connection: Connection, mapping: Mapping) -> None:
    """Load a table anew, in the course of time."""
    move(world, mapping, "RELOAD_TABLE")
    drop_steps(connection, mapping)
    wait = world.behaviour.initial_seconds
    schedule(world, connection, wait, "table", mapping=mapping.id)


def removed_fields(org: Org | None, mapping: Mapping) -> list[str] | None:
    """List mapped fields that the org does not have; None when the object itself is missing."""
    sobject = org.describe(mapping.object_name) if org else None
    if sobject is None:
        return None
    return sorted(
        name for name in mapping.config["fields"] if "__r__" not in name and not sobject.field(name)
    )


def misfit(org: Org | None, mapping: Mapping) -> str | None:
    """Say why a mapping does not fit the org, None when it does."""
    sobject = org.describe(mapping.object_name) if org else None
    if sobject is None:
        return f"Object {mapping.object_name} does not exist or is not accessible."
    try:
        columns.mapped_columns(sobject, mapping.config)
    except columns.BadConfig as error:
        return str(error)
    return None


def _fitting(world: World, connection: Connection, mapping: Mapping) -> tuple[Org, SObject] | None:
    """The org and object of a mapping; None after marking a mapping that does not fit."""
    org = world.orgs.get(connection.organization_id or "")
    reason = misfit(org, mapping)
    sobject = org.describe(mapping.object_name) if org else None
    if reason is None and org and sobject:
        return org, sobject
    spoil(world, connection, mapping, reason or "")
    return None


def spoil(world: World, connection: Connection, mapping: Mapping, reason: str) -> None:
    """Mark a mapping that cannot work as it is configured."""
    move(world, mapping, "BAD_CONFIG", reason)
    notify(world, connection, "mapping-error", f"{mapping.object_name}: {reason}")


def _fit_table(world: World, connection: Connection, mapping: Mapping) -> bool:
    """Make or change the table; False after marking a mapping that does not fit the org."""
    fitting = _fitting(world, connection, mapping)
    if fitting is None:
        return False
    schema = str(connection.schema_name)
    try:
        with world.database(connection) as conn:
            known = _table_exists(conn, schema, names.table_name(mapping.object_name))
            fit = tables.alter_table if known else tables.create_table
            fit(conn, schema, fitting[1], mapping.config, merged_writes=connection.merged_writes)
    except columns.BadConfig as error:
        spoil(world, connection, mapping, str(error))
        return False
    return True


def _table_exists(conn: psycopg.Connection[Any], schema: str, table: str) -> bool:
    found = conn.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = %s", [schema, table]
    )
    return found.fetchone() is not None


def _table(world: World, connection: Connection, entry: Entry) -> None:
    mapping = mapping_of(world, entry)
    if mapping is not None and _fit_table(world, connection, mapping):
        _wait_for_bulk(world, connection, entry)


def _wait_for_bulk(world: World, connection: Connection, entry: Entry) -> None:
    mapping = mapping_of(world, entry)
    if mapping is not None:
        move(world, mapping, "WAIT_BULK_LOAD")
        at = entry["at"] + world.behaviour.bulk_wait_seconds
        schedule_at(connection, at, "bulk", mapping=mapping.id)


def _bulk(world: World, connection: Connection, entry: Entry) -> None:
    mapping = mapping_of(world, entry)
    if mapping is not None:
        move(world, mapping, "LOADING_BULK_JOB")
        at = entry["at"] + world.behaviour.bulk_load_seconds
        schedule_at(connection, at, "loaded", mapping=mapping.id)


def _altered(world: World, connection: Connection, entry: Entry) -> None:
    mapping = mapping_of(world, entry)
    if mapping is not None and _fit_table(world, connection, mapping):
        move(world, mapping, "RESYNC")
        at = entry["at"] + world.behaviour.bulk_load_seconds
        schedule_at(connection, at, "loaded", mapping=mapping.id)


def _loaded(world: World, connection: Connection, entry: Entry) -> None:
    mapping = mapping_of(world, entry)
    fitting = _fitting(world, connection, mapping) if mapping else None
    if mapping is None or fitting is None:
        return
    org, sobject = fitting
    records = org.query(sobject.name)
    schema = str(connection.schema_name)
    with world.database(connection) as conn:
        load.load(conn, schema, sobject, mapping.config, records)
        count(world, connection, mapping, conn)
    now = world.clock.now()
    mapping.polled_until = records[-1].modified_at if records else None
    mapping.polled_at = world.clock.seconds
    mapping.times.update(sf_poll=str(now), db_write=str(now))
    move(world, mapping, "DATA_SYNCED")
    limit_rows(world, connection)


def count(
    world: World, connection: Connection, mapping: Mapping, conn: psycopg.Connection[Any]
) -> None:
    """Refresh the counts that a mapping shows."""
    counts = trigger_log.counts(
        conn, str(connection.schema_name), names.table_name(mapping.object_name)
    )
    org = world.orgs.get(connection.organization_id or "")
    mapping.counts = {
        "db": counts.db,
        "sf": org.count(mapping.object_name) if org else 0,
        "pending": counts.pending,
        "errors": counts.errors,
    }
    mapping.counted_at = world.clock.now()


def limit_rows(world: World, connection: Connection) -> None:
    """Stop a demo connection that holds more rows than the plan allows."""
    rows = sum(each.counts.get("db", 0) for each in world.mappings_of(connection))
    if world.plan_of(connection) == "demo" and rows > world.behaviour.demo_row_limit:
        connection.state = "TOO_MANY_ROWS"
        world.put(connection)


STEPS = {"table": _table, "bulk": _bulk, "altered": _altered, "loaded": _loaded}
