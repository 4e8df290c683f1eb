"""The steps of a connection itself: configured, imported, paused, recovered."""

import psycopg

from emulator.connect.engine.agenda import Step, schedule_at
from emulator.connect.engine.fit import loses_import
from emulator.connect.engine.mappings import put_mapping
from emulator.connect.engine.states import set_mapping_state
from emulator.connect.sync.catalog import schema_owner
from emulator.connect.sync.schemas import create_schema
from emulator.state.entities import Connection
from emulator.state.world import World


def _configured(world: World, connection: Connection, step: Step) -> None:
    schema, db_key = step["schema_name"], step["db_key"]
    # Set before the work, because world.database() needs them. After a failure the connection
    # stays NEW silently, as users of the real one report.
    connection.schema_name, connection.db_key = schema, db_key
    try:
        with world.database(connection) as conn:
            # One that was made just before a kill is this connection's own, and whole.
            if schema_owner(conn, schema) != connection.id:
                merged = connection.merged_writes
                create_schema(conn, schema, None, merged_writes=merged, owner=connection.id)
    except psycopg.Error:
        connection.schema_name = connection.db_key = None
        raise
    connection.state = "NEED_AUTHENTICATION"
    addon = world.addons.get(connection.addon_id)
    if addon is not None:
        # The variable's name ends in _URL, but its value names the database and the schema.
        for each in addon.attachments:
            app = world.apps[each["app_id"]]
            world.set_config(app, {f"{each['name']}_URL": f"{db_key}:{schema}"})


def _import(world: World, connection: Connection, step: Step) -> None:
    connection.state = "IMPORT_CONFIGURATION"
    at = step["at"] + world.behaviour.import_seconds
    schedule_at(connection, at, "imported", mappings=step["mappings"])


def _imported(world: World, connection: Connection, step: Step) -> None:
    connection.state = "IDLE"
    mappings = step["mappings"]
    org = world.orgs.get(connection.organization_id or "")
    if any(loses_import(org, each["object_name"], each["config"]) for each in mappings):
        return
    for each in mappings:
        put_mapping(world, connection, each["object_name"], each["config"], step["at"])


def _paused(_world: World, connection: Connection, _step: Step) -> None:
    connection.state = "PAUSED"


def _recovered(world: World, connection: Connection, step: Step) -> None:
    connection.state = "IDLE"
    for mapping in world.mappings_of(connection):
        if mapping.state == "RECOVERY":
            # Its last step may have failed half-way, so the table is changed and loaded again.
            set_mapping_state(world, mapping, "SCHEMA_CHANGED")
            schedule_at(connection, step["at"], "altered", mapping=mapping.id)


CONNECTION_STEPS = {
    "configured": _configured,
    "import": _import,
    "imported": _imported,
    "paused": _paused,
    "recovered": _recovered,
}
