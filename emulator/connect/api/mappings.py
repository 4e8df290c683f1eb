"""Mappings, one at a time: made, shown, changed, removed, reloaded."""

from werkzeug.wrappers import Response

from emulator.connect.api import mapping_config
from emulator.connect.api.mapping_document import mapping_json
from emulator.connect.api.opening import opened, opened_mapping, require_authenticated
from emulator.connect.api.system import CONNECTION, MAPPING, SYSTEM, error
from emulator.connect.engine import mappings as engine_mappings
from emulator.connect.engine.mappings import put_mapping
from emulator.connect.sync import tables
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route(f"{CONNECTION}/mappings", "POST")
def create(call: Call, connection_id: str) -> Response:
    """Make a mapping of an object that has none yet."""
    world = call.world
    body = call.json()
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        minimum = mapping_config.minimum_polling_seconds(world, connection)
        wanted = mapping_config.read_mapping(body, minimum, world.behaviour)
        present = world.mappings_of(connection)
        # Names that differ in case would share a table.
        names = {each.object_name.lower() for each in present}
        if wanted["object_name"].lower() in names:
            refuse(error(409, f"A mapping of {wanted['object_name']} exists already."))
        if len(present) >= world.behaviour.mapping_limit:
            refuse(error(400, "The connection has as many mappings as it may have."))
        made = put_mapping(world, connection, wanted["object_name"], wanted["config"])
        return answer(mapping_json(call.base, made), 201)


@SYSTEM.route(MAPPING)
def show(call: Call, mapping_id: str) -> Response:
    """Show a mapping."""
    with opened_mapping(call, mapping_id) as (_, mapping):
        return answer(mapping_json(call.base, mapping))


@SYSTEM.route(MAPPING, "PUT")
def replace(call: Call, mapping_id: str) -> Response:
    """Change a mapping; its config must carry the current revision."""
    world = call.world
    body = call.json()
    with opened_mapping(call, mapping_id) as (connection, mapping):
        minimum = mapping_config.minimum_polling_seconds(world, connection)
        named = {"object_name": mapping.object_name, **body}
        wanted = mapping_config.read_mapping(named, minimum, world.behaviour)
        if wanted["object_name"].lower() != mapping.object_name.lower():
            refuse(error(400, "The object of a mapping cannot be changed."))
        # The revision proves that the client has read what it overwrites.
        if body["config"].get("revision") != mapping.config["revision"]:
            refuse(error(409, "The mapping was changed by someone else in the meantime."))
        changed = put_mapping(world, connection, mapping.object_name, wanted["config"])
        return answer(mapping_json(call.base, changed), 202)


@SYSTEM.route(MAPPING, "DELETE")
def delete(call: Call, mapping_id: str) -> Response:
    """Remove a mapping; its table goes too, unless the behaviour says otherwise."""
    world = call.world
    with opened_mapping(call, mapping_id) as (connection, mapping):
        world.drop(mapping)
        # Whether Heroku drops the table is not documented, so it is a switch.
        if world.behaviour.drop_table_with_mapping:
            with world.database(connection) as conn:
                tables.drop_table(conn, str(connection.schema_name), mapping.object_name)
    return Response(status=204)


@SYSTEM.route(f"{MAPPING}/actions/reload", "POST")
def reload(call: Call, mapping_id: str) -> Response:
    """Load the table again."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        if connection.state != "IDLE":
            refuse(error(409, f"Cannot reload while the connection is {connection.state}."))
        engine_mappings.reload(call.world, connection, mapping)
    return Response(status=202)
