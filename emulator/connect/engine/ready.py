"""Connections made ready at once: what an add-on, a portal and an admin would do in minutes."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from emulator.connect.engine.agenda import schedule_at
from emulator.connect.engine.connections import authorize, new_connection
from emulator.connect.engine.mappings import put_mapping
from emulator.connect.engine.steps import run_all_steps
from emulator.org.org import Org
from emulator.state.apps import attachment
from emulator.state.entities import AddOn, App, Connection, UsedSchema
from emulator.state.world import World

DATABASES = ("TENANTS_DATABASE_URL", "DATABASE_URL")


class SchemaNotMade(Exception):
    """The database refused the schema of a connection that was to be ready."""


@dataclass
class Wanted:
    """A connection to make: `mappings` are {object_name, config}; `state` is the final one.

    `app` is the name of the app that owns its add-on, the portal's own by default. Its config vars
    name the database: TENANTS_DATABASE_URL if it is there, else DATABASE_URL.
    """

    org_id: str
    schema_name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    name: str = ""
    app: str = ""
    plan: str = "herokuconnect:demo"
    api_version: str = ""
    state: str = "IDLE"
    mappings: list[dict[str, Any]] = field(default_factory=list)


def make_loaded(world: World, org: Org, wanted: Wanted) -> Connection:
    """Make a connection whose schema and tables exist, with the org's records in them."""
    connection = new_connection(world, _provisioned(world, wanted))
    with world.hold(connection.id):
        schema = wanted.schema_name
        world.put(UsedSchema(schema, connection.id, world.clock.now()))
        schedule_at(
            connection, 0, "configured", schema_name=schema, db_key=_db_key(world, connection)
        )
        run_all_steps(world, connection)
        if not connection.schema_name:
            raise SchemaNotMade(f"{schema} could not be made: does it exist already?")
        authorize(world, connection, org, org.users[0])
        connection.api_version = wanted.api_version or world.behaviour.latest_api_version
        for each in wanted.mappings:
            put_mapping(world, connection, each["object_name"], each["config"], at=0)
        run_all_steps(world, connection)
        if connection.state == "IDLE":  # else the load has failed, and the state says how
            connection.state = wanted.state
        world.put(connection)
    return connection


def make_hollow(world: World, wanted: Wanted) -> Connection:
    """Make a connection that only seems loaded: without a schema and tables, and without an org."""
    connection = new_connection(world, _provisioned(world, wanted))
    connection.schema_name, connection.db_key = wanted.schema_name, _db_key(world, connection)
    connection.organization_id = wanted.org_id
    connection.api_version = wanted.api_version or world.behaviour.latest_api_version
    for each in wanted.mappings:
        mapping = put_mapping(world, connection, each["object_name"], each["config"])
        mapping.state = "DATA_SYNCED"
        world.put(mapping)
    # put_mapping has scheduled the making of tables.
    connection.agenda.clear()
    connection.state = wanted.state
    world.put(connection)
    return connection


def _db_key(world: World, connection: Connection) -> str:
    config_vars = world.app_of(connection).config_vars
    return next(each for each in DATABASES if each in config_vars)


def _provisioned(world: World, wanted: Wanted) -> AddOn:
    name = wanted.name or f"hc-{wanted.org_id.lower()}"
    now = world.clock.now()
    app = next((each for each in world.all(App) if each.name == wanted.app), world.own_app)
    addon = AddOn(
        id=wanted.id,
        name=name,
        app_id=app.id,
        plan=wanted.plan,
        attachments=[attachment(app, name.upper().replace("-", "_"), now)],
        config={},
        state="provisioned",
        ready_at=0,
        created_at=now,
        updated_at=now,
        linked=True,
    )
    world.put(addon)
    return addon
