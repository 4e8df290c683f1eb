"""What a kill left half-done is picked up at the start.

What belongs together may have been stored in two parts, and a kill may come in between.
"""

from emulator.connect.engine.agenda import schedule
from emulator.connect.engine.connections import new_connection
from emulator.state.entities import AddOn, Connection
from emulator.state.world import World

# The step that ends each state of a mapping in which it waits for one.
NEXT_STEP = {
    "INITIAL": "table",
    "RELOAD_TABLE": "table",
    "WAIT_BULK_LOAD": "bulk",
    "LOADING_BULK_JOB": "loaded",
    "SCHEMA_CHANGED": "altered",
    "RESYNC": "loaded",
}


def pick_up(world: World) -> None:
    """Make what is missing: connections of add-ons, and the next steps of mappings."""
    for addon in world.all(AddOn):
        if addon.state == "provisioned" and world.connection_of(addon) is None:
            new_connection(world, addon)
    for connection in world.all(Connection):
        _schedule_missing(world, connection)


def _schedule_missing(world: World, connection: Connection) -> None:
    planned = {step.get("mapping") for step in connection.agenda}
    for mapping in world.mappings_of(connection):
        step = NEXT_STEP.get(mapping.state)
        if step and mapping.id not in planned:
            schedule(world, connection, 0, step, mapping=mapping.id)
