"""The export document, which import accepts."""

from typing import Any

from emulator.connect.api.features import features
from emulator.state.entities import Connection
from emulator.state.world import World

# Real exports hold only these of the many flags.
EXPORTED_FEATURES = (
    "disable_bulk_writes",
    "poll_db_no_merge",
    "poll_external_ids",
    "rest_count_only",
)


def export_json(world: World, connection: Connection) -> dict[str, Any]:
    """Show the configuration as the export document."""
    on = features(connection)
    return {
        "version": 1,
        "connection": {
            "app_name": world.app_of(connection).name,
            "organization_id": connection.organization_id,
            "exported_at": world.clock.now().isoformat(),
            "name": connection.name,
            "api_version": connection.api_version,
            "logplex_log_enabled": connection.logplex_log_enabled,
            "features": {name: on[name] for name in EXPORTED_FEATURES},
        },
        "mappings": [
            {"object_name": each.object_name, "config": each.config}
            for each in world.mappings_of(connection)
        ],
    }
