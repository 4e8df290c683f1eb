"""A connection's configuration as one document: exported, imported."""

from werkzeug.wrappers import Response

from emulator.connect.api import mapping_config
from emulator.connect.api.export_document import export_json
from emulator.connect.api.opening import opened, require_authenticated
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.connect.engine import agenda
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route(f"{CONNECTION}/actions/export")
def export(call: Call, connection_id: str) -> Response:
    """Show the configuration as a document that import accepts."""
    with opened(call, connection_id) as connection:
        return answer(export_json(call.world, connection))


@SYSTEM.route(f"{CONNECTION}/actions/import", "POST")
def import_configuration(call: Call, connection_id: str) -> Response:
    """Import mappings later: the answer is empty and proves nothing yet."""
    world = call.world
    body = call.json()
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        # The status is not documented.
        if connection.state != "IDLE":
            refuse(error(409, f"Cannot import while the connection is {connection.state}."))
        minimum = mapping_config.minimum_polling_seconds(world, connection)
        mappings = mapping_config.read_document(body, minimum, world.behaviour)
        # Observed of the real one: it still shows IDLE for a while after it has taken the import.
        lag = world.behaviour.import_lag_seconds
        agenda.schedule(world, connection, lag, "import", mappings=mappings)
    return Response(b"", 202)
