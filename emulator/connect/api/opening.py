"""How a handler gets the connection or the mapping that its path names."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.connect.api.system import error
from emulator.connect.engine.connections import note_use
from emulator.state.entities import Connection, Mapping
from emulator.web.answers import refuse
from emulator.web.call import Call
from emulator.web.tokens import account_of


@contextmanager
def opened(call: Call, connection_id: str) -> Iterator[Connection]:
    """Lend a connection, with everything done that is due; nobody else works on it. Else 404."""
    world = call.world
    call.engine.settle_addons()
    with world.hold(connection_id):
        connection = world.connections.get(connection_id)
        if connection is None or not is_visible(call, connection):
            refuse(error(404, "Not found."))
        call.engine.settle(connection)
        # Reading does not count as use, or a health check would keep an idle connection awake.
        if call.request.method != "GET":
            note_use(world, connection)
        yield connection


def is_visible(call: Call, connection: Connection) -> bool:
    """Return whether a connection is linked, and its app belongs to the caller's account."""
    addon = call.world.addons.get(connection.addon_id)
    if addon is None or not addon.linked:
        return False
    return call.world.apps[addon.app_id].account_id == account_of(call).id


@contextmanager
def opened_mapping(call: Call, mapping_id: str) -> Iterator[tuple[Connection, Mapping]]:
    """Lend a mapping and its connection. Else 404."""
    mapping = call.world.get(Mapping, mapping_id)
    if mapping is None:
        refuse(error(404, "Not found."))
    with opened(call, mapping.connection_id) as connection:
        yield connection, mapping


def require_authenticated(connection: Connection) -> None:
    """Answer 400 unless the connection belongs to an org."""
    if connection.organization_id is None or connection.state == "NEED_AUTHENTICATION":
        refuse(error(400, "Connection is not authenticated with Salesforce."))
