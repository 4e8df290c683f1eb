"""/control/connections: connections made ready at once, and mappings made by hand."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.mapping_config import read_mapping
from emulator.connect.engine.mappings import put_mapping
from emulator.connect.engine.ready import Wanted, make_hollow, make_loaded
from emulator.connect.engine.steps import run_all_steps
from emulator.control.connections import connection_json, find_connection
from emulator.control.org_documents import find_org
from emulator.control.system import SYSTEM, reject
from emulator.state.entities import Connection
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/connections", "POST")
def create(call: Call) -> Response:
    """Make a loaded connection from an object, several from a list."""
    body = call.any_json()
    made = [_make(call, each) for each in (body if isinstance(body, list) else [body])]
    shown = [connection_json(call.world, each) for each in made]
    return answer(shown if isinstance(body, list) else shown[0], 201)


def _make(call: Call, given: dict[str, Any]) -> Connection:
    tables = given.pop("tables", True)
    mappings = [_read(call, each) for each in given.pop("mappings", [])]
    try:
        wanted = Wanted(**given, mappings=mappings)
    except TypeError as error:
        reject(400, f"not a connection: {error}")
    if not tables:
        return make_hollow(call.world, wanted)
    return make_loaded(call.world, find_org(call, wanted.org_id), wanted)


@SYSTEM.route("/connections/<connection_id>/mappings", "POST")
def map_object(call: Call, connection_id: str) -> Response:
    """Make or change a mapping {object_name, config}, and load its table at once."""
    world, wanted = call.world, _read(call, call.json())
    connection = find_connection(call, connection_id)
    with world.hold(connection.id):
        put_mapping(world, connection, wanted["object_name"], wanted["config"], at=0)
        run_all_steps(world, connection)
        return answer(connection_json(world, connection))


def _read(call: Call, mapping: dict[str, Any]) -> dict[str, Any]:
    # A minimum of 0: a test may poll faster than a plan allows.
    return read_mapping(mapping, 0, call.world.behaviour)
