"""Connections made, authorized, restarted and removed."""

import uuid

from emulator.connect.engine.agenda import schedule
from emulator.connect.engine.states import MAPPING_ERRORS, set_mapping_state
from emulator.connect.sync.schemas import set_org
from emulator.org.org import Org, User
from emulator.salesforce import grants
from emulator.state.entities import AddOn, Connection
from emulator.state.world import World

CLIENT = "heroku-connect"  # Heroku Connect's own connected app in Salesforce


def new_connection(world: World, addon: AddOn) -> Connection:
    """Make the connection of an add-on that has just been provisioned."""
    unequal = world.behaviour.unequal_connection_ids
    connection = Connection(
        # The two ids are equal as a rule, but nothing documented promises it.
        id=str(uuid.uuid4()) if unequal else addon.id,
        number=world.next_number(),
        addon_id=addon.id,
        created_at=world.clock.now(),
        name=addon.name,
        merged_writes=world.merged_writes,
        used_at=world.clock.stamp,
    )
    world.put(connection)
    return connection


def authorize(world: World, connection: Connection, org: Org, user: User) -> None:
    """Take a user's consent: from now on the connection works on that org."""
    grant = grants.issue(world, org, user, CLIENT, "api refresh_token", org.my_domain)
    connection.grant_id = grant.id
    connection.organization_id, connection.user_id = org.id, user.id
    connection.username = user.username
    connection.auth_updated = world.clock.now()
    # A new consent repairs a revoked one. It ends neither a pause nor another error.
    if connection.state in ("NEED_AUTHENTICATION", "UNAUTHORIZED"):
        connection.state = "IDLE"
    world.put(connection)
    with world.database(connection) as conn:
        set_org(conn, str(connection.schema_name), org.id)


def restart(world: World, connection: Connection) -> None:
    """Clear the errors; the connection goes on after a time in RECOVERY."""
    connection.state = "RECOVERY"
    for mapping in world.mappings_of(connection):
        if mapping.state in MAPPING_ERRORS:
            set_mapping_state(world, mapping, "RECOVERY", "Re-enabling")
    schedule(world, connection, world.behaviour.recovery_seconds, "recovered")


def note_use(world: World, connection: Connection) -> None:
    """Note that the connection was used: an unused one of the demo plan polls less often."""
    connection.used_at = world.clock.stamp


def remove(world: World, connection: Connection) -> None:
    """Remove a connection and its mappings; its tables stay."""
    for mapping in world.mappings_of(connection):
        world.drop(mapping)
    # Another thread may still hold this object, and a due step would store it again.
    connection.agenda.clear()
    world.drop(connection)
