"""A connection's agenda: what is still to happen to it and its mappings, soonest first.

Each step may put the next one on it, reckoned from the moment at which it was due itself, so that a
long jump of the clock runs the whole chain.
"""

import uuid
from bisect import insort
from typing import Any

from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.times import iso

Entry = dict[str, Any]


def schedule(world: World, connection: Connection, after: float, step: str, **more: Any) -> None:
    """Put a step on the agenda, `after` emulated seconds from now."""
    schedule_at(connection, world.clock.seconds + after, step, **more)
    world.put(connection)


def is_due(world: World, connection: Connection) -> bool:
    """Tell whether something on the agenda has come due."""
    return bool(connection.agenda) and connection.agenda[0]["at"] <= world.clock.seconds


def schedule_at(connection: Connection, at: float, step: str, **more: Any) -> None:
    """Put a step on the agenda at a moment of the clock; the caller keeps the connection."""
    insort(connection.agenda, {"at": at, "step": step, **more}, key=lambda each: each["at"])


def drop_steps(connection: Connection, mapping: Mapping) -> None:
    """Take what was still to happen to a mapping off the agenda."""
    kept = [each for each in connection.agenda if each.get("mapping") != mapping.id]
    connection.agenda = kept


def mapping_of(world: World, entry: Entry) -> Mapping | None:
    """The mapping that a step is about, unless it was deleted in the meantime."""
    return world.get(Mapping, entry.get("mapping", ""))


def move(world: World, mapping: Mapping, state: str, description: str = "OK") -> None:
    """Put a mapping in another state."""
    mapping.state = state
    mapping.state_description = description
    mapping.updated_at = world.clock.now()
    world.put(mapping)


def notify(world: World, connection: Connection, event_type: str, message: str) -> None:
    """Leave a notification on the connection."""
    notification = {
        "id": str(uuid.uuid4()),
        "created_at": iso(world.clock.now()),
        "event_type": event_type,
        "message": message,
    }
    connection.notifications.append(notification)
    world.put(connection)
