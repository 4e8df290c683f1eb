"""What happens to a connection in the course of time, one step after another."""

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from emulator.connect.engine import mapping_steps
from emulator.connect.engine.agenda import (
    Entry,
    is_due,
    mapping_of,
    move,
    notify,
    schedule,
    schedule_at,
)
from emulator.connect.engine.mapping_steps import MAPPING_ERRORS, put_mapping
from emulator.connect.sync import schemas
from emulator.org.org import Org, User
from emulator.salesforce import grants
from emulator.state.entities import AddOn, Connection
from emulator.state.world import World

UNAUTHENTICATED = ("NEW", "NEED_AUTHENTICATION")


def new_connection(world: World, addon: AddOn) -> Connection:
    """Make the connection that belongs to an add-on just provisioned."""
    unequal = world.behaviour.unequal_connection_ids
    connection = Connection(
        id=str(uuid.uuid4()) if unequal else addon.id,
        number=world.next_number(),
        addon_id=addon.id,
        created_at=world.clock.now(),
        name=addon.name,
        merged_writes=world.merged_writes,
        used_at=world.clock.stamp,
    )
    world.put(connection)
    return connection


def run(world: World, connection: Connection) -> None:
    """Do all steps that are due; the caller holds the connection."""
    while is_due(world, connection):
        entry = connection.agenda.pop(0)
        try:
            _STEPS[entry["step"]](world, connection, entry)
        except psycopg.Error as error:
            database_lost(world, connection, error)
            mapping = mapping_of(world, entry)
            if mapping is not None:
                move(world, mapping, "DB_UNAVAILABLE", "Database unavailable")
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
            schemas.create_schema(conn, schema, None, merged_writes=connection.merged_writes)
    except psycopg.Error:
        connection.schema_name = connection.db_key = None
        raise
    connection.state = "NEED_AUTHENTICATION"
    addon = world.addons.get(connection.addon_id)
    if addon is not None:
        world.set_config({f"{addon.attachment_name}_URL": f"{db_key}:{schema}"})


def _import(world: World, connection: Connection, entry: Entry) -> None:
    connection.state = "IMPORT_CONFIGURATION"
    schedule_at(
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
            schedule_at(connection, entry["at"], "altered", mapping=mapping.id)


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


_STEPS: dict[str, Callable[[World, Connection, Entry], None]] = {
    "configured": _configured,
    "import": _import,
    "imported": _imported,
    "paused": _paused,
    "recovered": _recovered,
    **mapping_steps.STEPS,
}
