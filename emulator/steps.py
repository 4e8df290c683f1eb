"""What happens to a connection and its mappings in the course of time, one step after another.

A connection's agenda names what is still to come. Each step may put the next one on it, reckoned
from the moment at which it was due itself, so that a long jump of the clock runs the whole chain.
"""

import uuid
from bisect import insort
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from emulator import grants, sync, tables
from emulator.entities import AddOn, Connection, Mapping
from emulator.org import Org, SObject, User
from emulator.state import World

Entry = dict[str, Any]

HEALTHY = ("IDLE", "POLLING_DB_CHANGES", "IMPORT_CONFIGURATION", "BUSY")
UNAUTHENTICATED = ("NEW", "NEED_AUTHENTICATION")
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


def new_connection(world: World, addon: AddOn) -> Connection:
    """Make the connection that belongs to an add-on just provisioned."""
    unequal = world.behaviour.unequal_connection_ids
    connection = Connection(
        id=str(uuid.uuid4()) if unequal else addon.id,
        number=world.number(),
        addon_id=addon.id,
        created_at=world.clock.now(),
        name=addon.name,
        merged_writes=world.merged_writes,
        used_at=world.clock.seconds,
    )
    world.put(connection)
    return connection


def schedule(world: World, connection: Connection, after: float, step: str, **more: Any) -> None:
    """Put a step on the agenda, `after` emulated seconds from now."""
    _schedule_at(connection, world.clock.seconds + after, step, **more)
    world.put(connection)


def is_due(world: World, connection: Connection) -> bool:
    """Tell whether something on the agenda has come due."""
    return bool(connection.agenda) and connection.agenda[0]["at"] <= world.clock.seconds


def run(world: World, connection: Connection) -> None:
    """Do all steps that are due; the caller holds the connection."""
    while is_due(world, connection):
        entry = connection.agenda.pop(0)
        try:
            _STEPS[entry["step"]](world, connection, entry)
        except psycopg.Error as error:
            database_lost(world, connection, error)
        world.put(connection)


def _schedule_at(connection: Connection, at: float, step: str, **more: Any) -> None:
    insort(connection.agenda, {"at": at, "step": step, **more}, key=lambda each: each["at"])


def _mapping_of(world: World, entry: Entry) -> Mapping | None:
    """The mapping that a step is about, unless it was deleted in the meantime."""
    return world.get(Mapping, entry["mapping"])


def move(world: World, mapping: Mapping, state: str, description: str = "OK") -> None:
    """Put a mapping in another state."""
    mapping.state = state
    mapping.state_description = description
    mapping.updated_at = world.clock.now()
    world.put(mapping)


def notify(world: World, connection: Connection, event_type: str, message: str) -> None:
    """Leave a notification on the connection."""
    notification = {
        "id": str(uuid.uuid4()),
        "created_at": world.clock.now().isoformat(),
        "event_type": event_type,
        "message": message,
    }
    connection.notifications.append(notification)
    world.put(connection)


def database_lost(world: World, connection: Connection, error: psycopg.Error) -> None:
    """The tenant's Postgres failed: the connection says so and stops."""
    if connection.state in UNAUTHENTICATED:
        # Heroku Connect fails silently here: the connection just stays where it was.
        return
    connection.state = "DB_UNAVAILABLE"
    reason = str(error).partition("\n")[0]
    notify(world, connection, "postgres-connection", f"database unavailable: {reason}")


# -- the connection's own steps ------------------------------------------------------------------


def _configured(world: World, connection: Connection, entry: Entry) -> None:
    schema, db_key = entry["schema_name"], entry["db_key"]
    connection.schema_name, connection.db_key = schema, db_key
    try:
        with world.database(connection) as conn:
            tables.create_schema(conn, schema, None, merged_writes=connection.merged_writes)
    except psycopg.Error:
        connection.schema_name = connection.db_key = None
        raise
    connection.state = "NEED_AUTHENTICATION"
    addon = world.addons.get(connection.addon_id)
    if addon is not None:
        world.set_config({f"{addon.attachment_name}_URL": f"{db_key}:{schema}"})


def _import(world: World, connection: Connection, entry: Entry) -> None:
    connection.state = "IMPORT_CONFIGURATION"
    _schedule_at(
        connection,
        entry["at"] + world.behaviour.import_seconds,
        "imported",
        mappings=entry["mappings"],
    )


def _imported(world: World, connection: Connection, entry: Entry) -> None:
    connection.state = "IDLE"
    if any(_fails_silently(each["config"]) for each in entry["mappings"]):
        return
    for each in entry["mappings"]:
        put_mapping(world, connection, each["object_name"], each["config"], entry["at"])


def _fails_silently(config: dict[str, Any]) -> bool:
    """A known trap: a relationship by external id without `indexes` loses the whole import."""
    return "indexes" not in config and any("__r__" in name for name in config["fields"])


def _paused(world: World, connection: Connection, _entry: Entry) -> None:
    connection.state = "PAUSED"


def _recovered(world: World, connection: Connection, entry: Entry) -> None:
    connection.state = "IDLE"
    for mapping in world.mappings_of(connection):
        if mapping.state == "RECOVERY":
            move(world, mapping, "SCHEMA_CHANGED")
            _schedule_at(connection, entry["at"], "altered", mapping=mapping.id)


def authorised(world: World, connection: Connection, org: Org, user: User) -> None:
    """Take a user's consent: from now on the connection works on that org."""
    grant = grants.issue(
        world, org, user, grants.CONNECT_CLIENT, "api refresh_token", org.my_domain
    )
    connection.grant_id = grant.id
    connection.organization_id, connection.user_id = org.id, user.id
    connection.username = user.username
    connection.auth_updated = world.clock.now()
    if connection.state in ("NEED_AUTHENTICATION", "UNAUTHORIZED"):
        connection.state = "IDLE"
    world.put(connection)
    statement = sql.SQL("UPDATE {}._hcmeta SET org_id = %s")
    with world.database(connection) as conn:
        named = statement.format(sql.Identifier(str(connection.schema_name)))
        conn.execute(named, [org.id])


def recover(world: World, connection: Connection) -> None:
    """Restart: clear the errors and go on, by way of RECOVERY."""
    connection.state = "RECOVERY"
    for mapping in world.mappings_of(connection):
        if mapping.state in MAPPING_ERRORS:
            move(world, mapping, "RECOVERY", "Re-enabling")
    schedule(world, connection, world.behaviour.recovery_seconds, "recovered")


# -- a mapping's steps ---------------------------------------------------------------------------


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
    wanted = object_name.lower()
    found = (m for m in world.mappings_of(connection) if m.object_name.lower() == wanted)
    mapping = next(found, None)
    if mapping is None:
        config = {**config, "revision": REVISION_OF_NEW, "applied_at": now.isoformat()}
        mapping = Mapping(
            str(uuid.uuid4()), world.number(), connection.id, object_name, config, now, now
        )
        step, state = "table", "INITIAL"
    else:
        revision = mapping.config["revision"] + 1
        mapping.config = {**config, "revision": revision, "applied_at": now.isoformat()}
        step, state = "altered", "SCHEMA_CHANGED"
    move(world, mapping, state)
    _schedule_at(connection, at + world.behaviour.initial_seconds, step, mapping=mapping.id)
    world.put(connection)
    return mapping


def reload(world: World, connection: Connection, mapping: Mapping) -> None:
    """Load a table anew, in the course of time."""
    move(world, mapping, "RELOAD_TABLE")
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
        tables.mapped_columns(sobject, mapping.config)
    except tables.BadConfig as error:
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
            known = _table_exists(conn, schema, tables.table_name(mapping.object_name))
            fit = tables.alter_table if known else tables.create_table
            fit(conn, schema, fitting[1], mapping.config, merged_writes=connection.merged_writes)
    except tables.BadConfig as error:
        spoil(world, connection, mapping, str(error))
        return False
    return True


def _table_exists(conn: psycopg.Connection[Any], schema: str, table: str) -> bool:
    found = conn.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = %s", [schema, table]
    )
    return found.fetchone() is not None


def _table(world: World, connection: Connection, entry: Entry) -> None:
    mapping = _mapping_of(world, entry)
    if mapping is not None and _fit_table(world, connection, mapping):
        _wait_for_bulk(world, connection, entry)


def _wait_for_bulk(world: World, connection: Connection, entry: Entry) -> None:
    mapping = _mapping_of(world, entry)
    if mapping is not None:
        move(world, mapping, "WAIT_BULK_LOAD")
        at = entry["at"] + world.behaviour.bulk_wait_seconds
        _schedule_at(connection, at, "bulk", mapping=mapping.id)


def _bulk(world: World, connection: Connection, entry: Entry) -> None:
    mapping = _mapping_of(world, entry)
    if mapping is not None:
        move(world, mapping, "LOADING_BULK_JOB")
        at = entry["at"] + world.behaviour.bulk_load_seconds
        _schedule_at(connection, at, "loaded", mapping=mapping.id)


def _altered(world: World, connection: Connection, entry: Entry) -> None:
    mapping = _mapping_of(world, entry)
    if mapping is not None and _fit_table(world, connection, mapping):
        move(world, mapping, "RESYNC")
        at = entry["at"] + world.behaviour.bulk_load_seconds
        _schedule_at(connection, at, "loaded", mapping=mapping.id)


def _loaded(world: World, connection: Connection, entry: Entry) -> None:
    mapping = _mapping_of(world, entry)
    fitting = _fitting(world, connection, mapping) if mapping else None
    if mapping is None or fitting is None:
        return
    org, sobject = fitting
    records = org.query(sobject.name)
    schema = str(connection.schema_name)
    with world.database(connection) as conn:
        sync.load(conn, schema, sobject, mapping.config, records)
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
    counts = sync.counts(conn, str(connection.schema_name), tables.table_name(mapping.object_name))
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


_STEPS: dict[str, Callable[[World, Connection, Entry], None]] = {
    "configured": _configured,
    "import": _import,
    "imported": _imported,
    "paused": _paused,
    "recovered": _recovered,
    "table": _table,
    "bulk": _bulk,
    "altered": _altered,
    "loaded": _loaded,
}
