"""A connection's schema and database, set once."""

import re
from typing import Any, NoReturn

import psycopg
from werkzeug.wrappers import Response

from emulator.connect.api.connection_document import connection_json
from emulator.connect.api.opening import opened
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.connect.engine import agenda
from emulator.connect.sync.catalog import schema_exists
from emulator.state.entities import Connection, UsedSchema
from emulator.state.world import World
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

# Postgres cuts names that are longer than 63 bytes.
SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@SYSTEM.route(CONNECTION, "PATCH")
def change(call: Call, connection_id: str) -> Response:
    """Set the name, the schema and the database. Only a 202 means that it will happen."""
    world = call.world
    body = call.json()
    with opened(call, connection_id) as connection:
        connection.name = str(body.get("name", connection.name))
        status = 200
        if "schema_name" in body or "db_key" in body:
            # The default of Heroku's own plugin.
            schema = body.get("schema_name", "salesforce")
            db_key = body.get("db_key", "DATABASE_URL")
            status = _configure(world, connection, schema, db_key)
        world.put(connection)
        return answer(connection_json(world, call.base, connection, deep=False), status)


def _configure(world: World, connection: Connection, schema: Any, db_key: Any) -> int:
    """Schedule the configuration, and return the status of the answer."""
    if (schema, db_key) == (connection.schema_name, connection.db_key):
        return 200
    if connection.state != "NEW":
        refuse(error(400, "The database of a connection cannot be changed."))
    # Observed of the real one: a 200 may have no effect at all, so clients repeat the PATCH.
    if connection.patches_ignored < world.behaviour.ignored_patches:
        connection.patches_ignored += 1
        return 200
    if not isinstance(schema, str) or not SCHEMA_NAME.fullmatch(schema):
        refuse(error(400, "Schema name is not valid."))
    if not _reserve(world, connection, schema, db_key):
        return 202
    # A client repeats the PATCH until the state changes, but the schema is made once.
    if not any(each["step"] == "configured" for each in connection.agenda):
        wait = world.behaviour.configure_seconds
        agenda.schedule(world, connection, wait, "configured", schema_name=schema, db_key=db_key)
    return 202


def _reserve(world: World, connection: Connection, schema: str, db_key: Any) -> bool:
    """Reserve a schema name for good; False for an unknown database, 400 for a used name."""
    # Two connections may ask for the same name at once; only one gets it.
    with world.lock:
        used = world.get(UsedSchema, schema)
        if used is not None and used.connection_id != connection.id:
            _refuse_used(schema)
        if db_key not in world.app_of(connection).config_vars:
            # Known of the real one: it answers 202, and the connection stays NEW.
            return False
        url = world.app_of(connection).config_vars[db_key]
        if used is None and _exists(world, url, schema):
            _refuse_used(schema)
        world.put(UsedSchema(schema, connection.id, world.clock.now()))
    return True


def _exists(world: World, url: str, schema: str) -> bool:
    try:
        with world.databases.connection(url) as conn:
            return schema_exists(conn, schema)
    except psycopg.OperationalError:  # the configuration itself will fail silently
        return False


def _refuse_used(schema: str) -> NoReturn:
    refuse(error(400, f"Schema {schema} already exists. Choose another name."))
