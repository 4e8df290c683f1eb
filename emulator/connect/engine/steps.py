"""Runs the steps on a connection's agenda."""

from collections.abc import Callable

import psycopg

from emulator.connect.engine.agenda import Step, is_due, mapping_of
from emulator.connect.engine.connection_steps import CONNECTION_STEPS
from emulator.connect.engine.mapping_steps import MAPPING_STEPS
from emulator.connect.engine.states import mark_database_lost, set_mapping_state
from emulator.state.entities import Connection
from emulator.state.world import World

STEPS: dict[str, Callable[[World, Connection, Step], None]] = {**CONNECTION_STEPS, **MAPPING_STEPS}


def run_all_steps(world: World, connection: Connection) -> None:
    """Run all steps now, before they are due; the caller holds the connection."""
    while connection.agenda:
        connection.agenda[0]["at"] = 0
        run_due_steps(world, connection)


def run_due_steps(world: World, connection: Connection) -> None:
    """Run all steps that are due; the caller holds the connection."""
    while is_due(world, connection):
        step = connection.agenda.pop(0)
        try:
            STEPS[step["step"]](world, connection, step)
        except psycopg.Error as error:
            # The step is not repeated. A restart schedules the mapping's work again.
            mark_database_lost(world, connection, error)
            mapping = mapping_of(world, step)
            if mapping is not None:
                set_mapping_state(world, mapping, "DB_UNAVAILABLE", "Database unavailable")
        world.put(connection)
