"""/control: how tests and people steer the emulator. JSON in, JSON out; no token is asked.

Documented for users in docs/emulator.md.
"""

import re
from dataclasses import asdict
from typing import Any, NoReturn

from psycopg import errors
from werkzeug.wrappers import Response

from emulator.connect.api.connect_api import new_link
from emulator.connect.engine.mappings import find_mapping
from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.times import iso
from emulator.web.web import Call, System, answer, refuse


def _failed(status: int, description: str) -> Response:
    return answer({"message": description}, status)


SYSTEM = System("control", _failed)


def reject(status: int, message: str) -> NoReturn:
    """Answer with an error and a sentence about it."""
    refuse(answer({"message": message}, status))


# -- the whole -----------------------------------------------------------------------------------


@SYSTEM.route("/reset", "POST")
def reset(call: Call) -> Response:
    """Empty everything, the tenants' schemas included, and set the behaviour back."""
    try:
        call.world.reset()
    except errors.LockNotAvailable:
        reject(409, "Somebody keeps a table of a tenant locked: end that transaction first.")
    return answer({})


@SYSTEM.route("/clock", "GET", "POST")
def clock(call: Call) -> Response:
    """Show the time; POST {advance: seconds} lets time pass, and everything due happen."""
    world = call.world
    if call.request.method == "POST":
        seconds = call.json().get("advance")
        if not isinstance(seconds, (int, float)) or seconds < 0:
            reject(400, "advance is a number of seconds")
        world.clock.advance(float(seconds))
        call.engine.tick()
        world.save_clock()
    return answer(
        {
            "now": iso(world.clock.now()),
            "seconds": world.clock.seconds,
            "speed": world.clock.speed,
        }
    )


@SYSTEM.route("/behaviour", "GET", "POST")
def behaviour(call: Call) -> Response:
    """Show the switches; POST changes those that are named."""
    if call.request.method == "POST":
        try:
            call.world.behaviour.change(call.json())
        except ValueError as error:
            reject(400, str(error))
        call.world.save_behaviour()
    return answer(asdict(call.world.behaviour))


@SYSTEM.route("/sync", "POST")
def sync(call: Call) -> Response:
    """Do a whole round now: what is due, and a poll both ways for every healthy connection."""
    call.engine.sync()
    return connections(call)


@SYSTEM.route("/calls")
def calls(call: Call) -> Response:
    """Show the log of calls, oldest first; `system` and `path` (a regex) narrow it."""
    system, path = call.request.args.get("system"), call.request.args.get("path", "")
    found = [
        each
        for each in list(call.world.calls)
        if system in (None, each["system"]) and re.search(path, each["path"])
    ]
    return answer({"count": len(found), "calls": found})


@SYSTEM.route("/calls", "DELETE")
def clear_calls(call: Call) -> Response:
    """Empty the log of calls."""
    call.world.calls.clear()
    return Response(status=204)


# -- faults --------------------------------------------------------------------------------------


@SYSTEM.route("/faults")
def faults(call: Call) -> Response:
    """List the faults in force."""
    return answer({"faults": call.world.faults.list()})


@SYSTEM.route("/faults", "POST")
def add_fault(call: Call) -> Response:
    """Put a fault in force."""
    try:
        return answer(asdict(call.world.faults.add(call.json())), 201)
    except ValueError as error:
        reject(400, str(error))


@SYSTEM.route("/faults", "DELETE")
def clear_faults(call: Call) -> Response:
    """Remove every fault."""
    call.world.faults.clear()
    return Response(status=204)


# -- connections ---------------------------------------------------------------------------------


@SYSTEM.route("/connections")
def connections(call: Call) -> Response:
    """List every connection with its mappings, linked or not."""
    world = call.world
    call.engine.settle_addons()
    for each in world.all(Connection):
        call.engine.settle(each)
    found = [connection_json(world, each) for each in world.all(Connection)]
    return answer({"count": len(found), "connections": found})


def connection_json(world: World, connection: Connection) -> dict[str, Any]:
    """What the emulator knows of a connection."""
    addon = world.addons[connection.addon_id]
    return {
        "id": connection.id,
        "resource_name": addon.name,
        "plan": addon.plan,
        "linked": addon.linked,
        "state": connection.state,
        "schema_name": connection.schema_name,
        "organization_id": connection.organization_id,
        "merged_writes": connection.merged_writes,
        "agenda": [{"at": each["at"], "step": each["step"]} for each in connection.agenda],
        "mappings": [
            {
                "id": each.id,
                "object_name": each.object_name,
                "state": each.state,
                "counts": each.counts,
            }
            for each in world.mappings_of(connection)
        ],
    }


@SYSTEM.route("/connections/<connection_id>/state", "POST")
def set_state(call: Call, connection_id: str) -> Response:
    """Force a state on a connection, or with `object_name` on one of its mappings."""
    world = call.world
    body = call.json()
    if not isinstance(body.get("state"), str) or not body["state"]:
        reject(400, "state is a text")
    with world.hold(connection_id):
        connection = world.connections.get(connection_id)
        if connection is None:
            reject(404, "no such connection")
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


@SYSTEM.route("/connections/<connection_id>/authorize", "POST")
def authorize(call: Call, connection_id: str) -> Response:
    """Go to a fresh authorisation page, for an org at the usual log-in host or on My Domain."""
    connection = call.world.connections.get(connection_id)
    if connection is None:
        reject(404, "no such connection")
    form = dict(call.request.form)
    link = new_link(call, connection, {"next": f"{call.base}/control/", **form})
    return Response(status=303, headers={"Location": f"/region/oauth/authorize/{link.id}"})
