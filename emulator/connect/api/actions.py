"""A connection's actions: pause, resume, restart."""

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened, require_authenticated
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.connect.engine import agenda, connections
from emulator.web.answers import refuse
from emulator.web.call import Call


@SYSTEM.route(f"{CONNECTION}/actions/pause", "POST")
def pause(call: Call, connection_id: str) -> Response:
    """Pause a connection that is idle."""
    with opened(call, connection_id) as connection:
        # Documented: only an idle connection can be paused. The status is not documented.
        if connection.state != "IDLE":
            refuse(error(409, f"Connection cannot be paused while {connection.state}."))
        agenda.schedule(call.world, connection, call.world.behaviour.pause_seconds, "paused")
        call.engine.settle(connection)
    return Response(status=202)


@SYSTEM.route(f"{CONNECTION}/actions/resume", "POST")
def resume(call: Call, connection_id: str) -> Response:
    """Resume a paused connection."""
    with opened(call, connection_id) as connection:
        if connection.state != "PAUSED":
            refuse(error(409, f"Connection cannot be resumed while {connection.state}."))
        connection.state = "IDLE"
        call.world.put(connection)
    return Response(status=202)


@SYSTEM.route(f"{CONNECTION}/actions/restart", "POST")
def restart(call: Call, connection_id: str) -> Response:
    """Clear the errors and go on."""
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        connections.restart(call.world, connection)
    return Response(status=202)
