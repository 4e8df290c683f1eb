"""The counts that a mapping shows, and the limit of the demo plan."""

from emulator.connect.sync import trigger_log
from emulator.connect.sync.names import table_name
from emulator.connect.sync.session import PgConnection
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World


def refresh_counts(
    world: World, connection: Connection, mapping: Mapping, conn: PgConnection
) -> None:
    """Count a mapping's rows, records, waiting writes and write errors; the caller stores it."""
    table = table_name(mapping.object_name)
    counts = trigger_log.counts(conn, str(connection.schema_name), table)
    org = world.orgs.get(connection.organization_id or "")
    mapping.counts = {
        "db": counts.db,
        "sf": org.count(mapping.object_name) if org else 0,
        "pending": counts.pending,
        "errors": counts.errors,
    }
    mapping.counted_at = world.clock.now()


def limit_rows(world: World, connection: Connection) -> None:
    """Stop a demo connection that has more rows than the plan allows."""
    # Documented: the limit is on all mapped tables together, and above it nothing is synced.
    rows = sum(each.counts.get("db", 0) for each in world.mappings_of(connection))
    if world.plan_of(connection) == "demo" and rows > world.behaviour.demo_row_limit:
        connection.state = "TOO_MANY_ROWS"
        world.put(connection)
