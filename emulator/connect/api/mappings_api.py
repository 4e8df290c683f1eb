"""Heroku Connect's regional API: mappings, one at a time."""

from werkzeug.wrappers import Response

from emulator.connect.api import mapping_config
from emulator.connect.api.connect_api import CONNECTION, listed_errors
from emulator.connect.api.connect_documents import mapping_json
from emulator.connect.api.diagnose import mapping_findings
from emulator.connect.api.region import (
    API,
    SYSTEM,
    error,
    opened,
    opened_mapping,
    require_authenticated,
)
from emulator.connect.engine import mappings
from emulator.connect.sync import names, tables
from emulator.web.web import Call, answer, refuse

MAPPING = f"{API}/mappings/<mapping_id>"


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
        names = {each.object_name.lower() for each in present}
        if wanted["object_name"].lower() in names:
            refuse(error(409, f"A mapping of {wanted['object_name']} exists already."))
        if len(present) >= world.behaviour.mapping_limit:
            refuse(error(400, "The connection has as many mappings as it may have."))
        made = mappings.put_mapping(world, connection, wanted["object_name"], wanted["config"])
        return answer(mapping_json(call.base, made), 201)


@SYSTEM.route(MAPPING)
def show(call: Call, mapping_id: str) -> Response:
    """Show a mapping."""
    with opened_mapping(call, mapping_id) as (_, mapping):
        return answer(mapping_json(call.base, mapping))


@SYSTEM.route(MAPPING, "PUT")
def replace(call: Call, mapping_id: str) -> Response:
    """Change a mapping; its config must carry the revision that is current."""
    world = call.world
    body = call.json()
    with opened_mapping(call, mapping_id) as (connection, mapping):
        minimum = mapping_config.minimum_polling_seconds(world, connection)
        named = {"object_name": mapping.object_name, **body}
        wanted = mapping_config.read_mapping(named, minimum, world.behaviour)
        if wanted["object_name"].lower() != mapping.object_name.lower():
            refuse(error(400, "The object of a mapping cannot be changed."))
        if body["config"].get("revision") != mapping.config["revision"]:
            refuse(error(409, "The mapping was changed by someone else in the meantime."))
        changed = mappings.put_mapping(world, connection, mapping.object_name, wanted["config"])
        return answer(mapping_json(call.base, changed), 202)


@SYSTEM.route(MAPPING, "DELETE")
def delete(call: Call, mapping_id: str) -> Response:
    """Remove a mapping, and with it its table unless the emulator is told otherwise."""
    world = call.world
    with opened_mapping(call, mapping_id) as (connection, mapping):
        world.drop(mapping)
        if world.behaviour.drop_table_with_mapping:
            with world.database(connection) as conn:
                tables.drop_table(conn, str(connection.schema_name), mapping.object_name)
    return Response(status=204)


@SYSTEM.route(f"{MAPPING}/actions/reload", "POST")
def reload(call: Call, mapping_id: str) -> Response:
    """Load the table anew."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        if connection.state != "IDLE":
            refuse(error(409, f"Cannot reload while the connection is {connection.state}."))
        mappings.reload(call.world, connection, mapping)
    return Response(status=202)


@SYSTEM.route(f"{MAPPING}/validations")
def validations(call: Call, mapping_id: str) -> Response:
    """Diagnose one mapping at once."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        return answer(mapping_findings(call.world, connection, mapping))


@SYSTEM.route(f"{MAPPING}/errors")
def errors(call: Call, mapping_id: str) -> Response:
    """List the mapping's write errors of the last 24 hours."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        table = names.table_name(mapping.object_name)
        return answer(listed_errors(call.world, connection, table))
