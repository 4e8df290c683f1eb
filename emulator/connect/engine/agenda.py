"""A connection's agenda: the steps that will happen to it and to its mappings, soonest first.

A step may schedule the next one. It counts from the moment when it was due itself, so that a long
jump of the clock runs the whole chain.
"""

from bisect import insort
from typing import Any

from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

Step = dict[str, Any]  # {"at": seconds of the clock, "step": its name, …}


def schedule(world: World, connection: Connection, after: float, name: str, **more: Any) -> None:
    """Put a step on the agenda, `after` emulated seconds from now."""
    schedule_at(connection, world.clock.seconds + after, name, **more)
    world.put(connection)


def schedule_at(connection: Connection, at: float, name: str, **more: Any) -> None:
    """Put a step on the agenda at a moment of the clock; the caller stores the connection."""
    insort(connection.agenda, {"at": at, "step": name, **more}, key=lambda each: each["at"])


def is_due(world: World, connection: Connection) -> bool:
    """Return whether a step on the agenda is due."""
    return bool(connection.agenda) and connection.agenda[0]["at"] <= world.clock.seconds


def drop_steps(connection: Connection, mapping: Mapping) -> None:
    """Remove the steps of a mapping from the agenda."""
    kept = [each for each in connection.agenda if each.get("mapping") != mapping.id]
    connection.agenda = kept


def mapping_of(world: World, step: Step) -> Mapping | None:
    """The mapping that a step is about, unless it was deleted in the meantime."""
    return world.get(Mapping, step.get("mapping", ""))
