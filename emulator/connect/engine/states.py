"""States of connections and mappings, and the notifications about them."""

import uuid

import psycopg

from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.times import iso

UNAUTHENTICATED = ("NEW", "NEED_AUTHENTICATION")
MAPPING_ERRORS = (
    "BULK_LOAD_ERROR",
    "SYSTEM_ERROR",
    "DB_UNAVAILABLE",
    "BAD_CONFIG",
    "SYNC_REMOVED",
    "INACTIVE_ORG",
    "UNAUTHORIZED",
)


def set_mapping_state(world: World, mapping: Mapping, state: str, description: str = "OK") -> None:
    """Change a mapping's state."""
    mapping.state = state
    mapping.state_description = description
    mapping.updated_at = world.clock.now()
    world.put(mapping)


def mark_bad_config(world: World, connection: Connection, mapping: Mapping, reason: str) -> None:
    """Mark a mapping that cannot work with its config, and notify."""
    set_mapping_state(world, mapping, "BAD_CONFIG", reason)
    notify(world, connection, "mapping-error", f"{mapping.object_name}: {reason}")


def mark_database_lost(world: World, connection: Connection, error: psycopg.Error) -> None:
    """Stop a connection because the tenant's Postgres failed, and notify."""
    if connection.state in UNAUTHENTICATED:
        # Heroku Connect fails silently here: the connection stays where it was.
        return
    connection.state = "DB_UNAVAILABLE"
    reason = str(error).partition("\n")[0]
    notify(world, connection, "postgres-connection", f"database unavailable: {reason}")


def notify(world: World, connection: Connection, event_type: str, message: str) -> None:
    """Add a notification to the connection."""
    notification = {
        "id": str(uuid.uuid4()),
        "created_at": iso(world.clock.now()),
        "event_type": event_type,
        "message": message,
    }
    connection.notifications.append(notification)
    world.put(connection)
