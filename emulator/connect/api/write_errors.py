"""The write errors of a connection, and of one mapping."""

from datetime import timedelta

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened, opened_mapping
from emulator.connect.api.system import CONNECTION, MAPPING, SYSTEM
from emulator.connect.sync import trigger_log
from emulator.connect.sync.names import table_name
from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call

ERRORS_KEPT = timedelta(hours=24)


@SYSTEM.route(f"{CONNECTION}/errors")
def of_connection(call: Call, connection_id: str) -> Response:
    """List the connection's write errors of the last 24 hours."""
    with opened(call, connection_id) as connection:
        return _listed(call.world, connection, None)


@SYSTEM.route(f"{MAPPING}/errors")
def of_mapping(call: Call, mapping_id: str) -> Response:
    """List the mapping's write errors of the last 24 hours."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        return _listed(call.world, connection, table_name(mapping.object_name))


def _listed(world: World, connection: Connection, table: str | None) -> Response:
    # Nothing can be written before the first consent, and a new connection has no schema to read.
    if connection.organization_id is None:
        return answer({"count": 0, "results": []})
    since = world.clock.now() - ERRORS_KEPT
    with world.database(connection) as conn:
        found = trigger_log.write_errors(conn, str(connection.schema_name), since, table)
    return answer({"count": len(found), "results": found})
