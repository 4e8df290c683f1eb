"""The regional Heroku Connect API as a system: its checks, and how a handler opens a connection."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.wrappers import Response

from emulator.connect.engine import connections
from emulator.heroku.heroku import bearer_accepted
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.web.web import Call, System, answer, refuse

API = "/api/v3"
PAGES = "/region/oauth/"
# A region's further cells are the same system under another path: faults can be had for one alone.
FURTHER_CELL = re.compile(r"region-[2-9]")


def error(status: int, message: str) -> Response:
    """Word an error as Heroku Connect does."""
    return answer({"message": message}, status)


def _failed(status: int, description: str) -> Response:
    return error(status, "Not found." if status == 404 else description)


def _before(call: Call) -> Response | None:
    if call.request.path.startswith(PAGES) or bearer_accepted(call):
        return None
    return error(401, "Invalid credentials provided.")


SYSTEM = System("region", _failed, _before)


def cell_of(world: World, connection: Connection) -> str:
    """Name the cell that serves a connection, which is also the first part of its path."""
    number = connection.number % max(world.behaviour.cells, 1) + 1
    return "region" if number == 1 else f"region-{number}"


@contextmanager
def opened(call: Call, connection_id: str) -> Iterator[Connection]:
    """Lend a connection that nobody else works on, with everything due done; else answers 404."""
    world = call.world
    call.engine.settle_addons()
    with world.hold(connection_id):
        connection = world.connections.get(connection_id)
        addon = world.addons.get(connection.addon_id) if connection else None
        if connection is None or addon is None or not addon.linked:
            refuse(error(404, "Not found."))
        call.engine.settle(connection)
        if call.request.method != "GET":
            connections.note_use(world, connection)
        yield connection


@contextmanager
def opened_mapping(call: Call, mapping_id: str) -> Iterator[tuple[Connection, Mapping]]:
    """Lend a mapping and its connection; else answers 404."""
    mapping = call.world.get(Mapping, mapping_id)
    if mapping is None:
        refuse(error(404, "Not found."))
    with opened(call, mapping.connection_id) as connection:
        yield connection, mapping


def require_authenticated(connection: Connection) -> None:
    """Answer 400 unless an org is behind the connection."""
    if connection.organization_id is None or connection.state == "NEED_AUTHENTICATION":
        refuse(error(400, "Connection is not authenticated with Salesforce."))
