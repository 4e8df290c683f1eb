"""When a poll of Salesforce, a push of the trigger log, or the archive is due."""

from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

POLLED_STATES = ("IDLE", "POLLING_DB_CHANGES", "BUSY")
SYNCED_STATES = ("DATA_SYNCED", "POLLING_SF_CHANGES")
HOURLY, DAILY = 3600.0, 86_400.0  # seconds


def work_is_due(world: World, connection: Connection) -> bool:
    """Return whether anything is due."""
    if connection.state not in POLLED_STATES or connection.organization_id not in world.orgs:
        return False
    return (
        push_is_due(world, connection)
        or archive_is_due(world, connection)
        or any(poll_is_due(world, connection, each) for each in synced(world, connection))
    )


def is_hollow(world: World, connection: Connection) -> bool:
    """Return whether it belongs to an org that is not emulated: it never has work."""
    return connection.organization_id is not None and connection.organization_id not in world.orgs


def synced(world: World, connection: Connection) -> list[Mapping]:
    """List the mappings whose tables are loaded."""
    return [each for each in world.mappings_of(connection) if each.state in SYNCED_STATES]


def poll_is_due(world: World, connection: Connection, mapping: Mapping) -> bool:
    """Return whether a mapping's poll is due; an unused connection polls hourly, then daily."""
    every = float(mapping.config["sf_polling_seconds"])
    # Documented for the demo plan: hourly after 7 days without use, daily after 14.
    idle = idle_seconds(world, connection)
    if idle >= world.behaviour.daily_polls_after_seconds:
        every = max(every, DAILY)
    elif idle >= world.behaviour.hourly_polls_after_seconds:
        every = max(every, HOURLY)
    return world.clock.seconds - mapping.polled_at >= every


def push_is_due(world: World, connection: Connection) -> bool:
    """Return whether a push is due; it is due earlier when a write was heard."""
    # Documented: every two minutes, or after a notification but at most every ten seconds.
    waited = world.clock.seconds - connection.db_polled_at
    if waited >= world.behaviour.db_poll_seconds:
        return True
    return connection.pinged and waited >= world.behaviour.notify_seconds


def archive_is_due(world: World, connection: Connection) -> bool:
    """Return whether the archive is due."""
    return world.clock.seconds - connection.archived_at >= world.behaviour.archive_seconds


def idle_seconds(world: World, connection: Connection) -> float:
    """Seconds without use; a paid plan never counts as idle."""
    if world.plan_of(connection) != "demo":
        return 0.0
    return world.clock.stamp - connection.used_at
