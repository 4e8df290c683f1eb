"""/control/connections: what the emulator knows of each connection, and forced states."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.authorize_links import new_link
from emulator.connect.engine.mappings import find_mapping
from emulator.connect.engine.states import notify
from emulator.control.system import SYSTEM, reject
from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/connections")
def list_connections(call: Call) -> Response:
    """List every connection with its mappings, linked or not."""
    world = call.world
    call.engine.settle_addons()
    for each in world.all(Connection):
        call.engine.settle(each)
    found = [connection_json(world, each) for each in world.all(Connection)]
    return answer({"count": len(found), "connections": found})


def connection_json(world: World, connection: Connection) -> dict[str, Any]:
    """Show what the emulator knows of a connection."""
    addon = world.addons[connection.addon_id]
    return {
        "id": connection.id,
        "addon_id": addon.id,
        "resource_name": addon.name,
        "plan": addon.plan,
        "linked": addon.linked,
        "state": connection.state,
        "schema_name": connection.schema_name,
        "organization_id": connection.organization_id,
        "api_version": connection.api_version,
        "merged_writes": connection.merged_writes,
        "notifications": connection.notifications,
        "agenda": [{"at": each["at"], "step": each["step"]} for each in connection.agenda],
        "mappings": [
            {
                "id": each.id,
                "object_name": each.object_name,
                "state": each.state,
                "config": each.config,
                "counts": each.counts,
            }
            for each in world.mappings_of(connection)
        ],
    }


def find_connection(call: Call, connection_id: str) -> Connection:
    """Find a connection by id; else 404."""
    connection = call.world.connections.get(connection_id)
    if connection is None:
        reject(404, "no such connection")
    return connection


@SYSTEM.route("/connections/<connection_id>")
def show(call: Call, connection_id: str) -> Response:
    """Show one connection."""
    connection = find_connection(call, connection_id)
    call.engine.settle(connection)
    return answer(connection_json(call.world, connection))


@SYSTEM.route("/connections/<connection_id>/state", "POST")
def set_state(call: Call, connection_id: str) -> Response:
    """Force a state on a connection, or with `object_name` on one of its mappings."""
    world = call.world
    body = call.json()
    if not isinstance(body.get("state"), str) or not body["state"]:
        reject(400, "state is a text")
    connection = find_connection(call, connection_id)
    with world.hold(connection_id):
        if "object_name" in body:
            mapping = find_mapping(world, connection, str(body["object_name"]))
            if mapping is None:
                reject(404, "no such mapping")
            mapping.state = body["state"]
            world.put(mapping)
        else:
            connection.state = body["state"]
            world.put(connection)
        return answer(connection_json(world, connection))


@SYSTEM.route("/connections/<connection_id>/notifications", "POST")
def add_notification(call: Call, connection_id: str) -> Response:
    """Add a notification {event_type, message}."""
    body = call.json()
    connection = find_connection(call, connection_id)
    with call.world.hold(connection_id):
        event_type, message = body.get("event_type", "mapping-error"), body.get("message", "")
        notify(call.world, connection, str(event_type), str(message))
        return answer(connection_json(call.world, connection), 201)


@SYSTEM.route("/connections/<connection_id>/authorize", "POST")
def authorize(call: Call, connection_id: str) -> Response:
    """Redirect to a fresh authorization page; the form is like the body of authorize_url."""
    connection = find_connection(call, connection_id)
    form = dict(call.request.form)
    link = new_link(call, connection, {"next": f"{call.base}/control/", **form})
    return Response(status=303, headers={"Location": f"/region/oauth/authorize/{link.id}"})


@SYSTEM.route("/sync", "POST")
def sync(call: Call) -> Response:
    """Do a whole round now: what is due, and a poll both ways for every healthy connection."""
    call.engine.sync()
    return list_connections(call)
