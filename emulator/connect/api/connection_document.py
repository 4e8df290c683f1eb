"""The JSON document of a connection.

Source: the fixtures of Heroku's Connect command-line plugin. Times come in two forms: `times` of a
mapping has a space and +00:00, everything else T and Z.
"""

from typing import Any

from psycopg import conninfo

from emulator.connect.api.features import features
from emulator.connect.api.mapping_document import mapping_json
from emulator.connect.api.system import API
from emulator.connect.engine.states import MAPPING_ERRORS
from emulator.salesforce import identity, logins
from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.times import iso

# Keys that the emulator never changes; clients may expect them to exist.
_SAME_FOR_ALL: dict[str, Any] = {
    "team_name": None,
    "enterprise_account_name": None,
    "tags": [],
    "dogwood": False,
    "deletable": False,
    "large_query_threshold": 10000,
    "bulk_page_size": 150000,
    "soap_batch_size": 200,
    "odata": None,
    "sf_instance": None,
    "sf_region": None,
}


def connection_json(
    world: World, base: str, connection: Connection, *, deep: bool
) -> dict[str, Any]:
    """Show a connection with every key; `deep` adds its mappings."""
    addon = world.addons[connection.addon_id]
    app = world.app_of(connection)
    plan = world.plan_of(connection)
    here = f"{API}/connections/{connection.id}"
    document = {
        "id": connection.id,
        "_id": connection.number,
        "name": connection.name,
        "addon_id": connection.addon_id,
        "app_name": app.name,
        "app_id": app.id,
        "schema_name": connection.schema_name,
        "db_key": connection.db_key,
        "database": _database(world, connection),
        "organization_id": connection.organization_id,
        "state": connection.state,
        "mappings_summary_state": _summary_state(world, connection),
        # Relative here but absolute in discovery, as in Heroku's fixtures.
        "detail_url": here,
        "sf_info": _sf_info(connection),
        "created_at": iso(connection.created_at),
        "auth_updated": iso(connection.auth_updated) if connection.auth_updated else None,
        "plan": plan,
        "free_edition": plan == "demo",
        "user_info": _user_info(world, base, connection),
        "metrics": _metrics(connection),
        "logplex_log_enabled": connection.logplex_log_enabled,
        "resource_name": addon.name,
        "features": features(connection),
        "internal_name": app.name,
        "notifications_url": f"{here}/notifications",
        **_SAME_FOR_ALL,
    }
    if deep:
        mappings = world.mappings_of(connection)
        document["mappings"] = [mapping_json(base, each) for each in mappings]
    return document


def _summary_state(world: World, connection: Connection) -> str:
    # Only OK is documented. In its place stands the first mapping's error.
    states = (each.state for each in world.mappings_of(connection))
    return next((state for state in states if state in MAPPING_ERRORS), "OK")


def _database(world: World, connection: Connection) -> dict[str, Any] | None:
    if connection.db_key is None:
        return None
    parts = conninfo.conninfo_to_dict(world.database_url(connection))
    port = int(str(parts.get("port") or 5432))
    return {"host": parts.get("host"), "database": parts.get("dbname"), "port": port}


def _sf_info(connection: Connection) -> dict[str, Any]:
    return {
        "username": connection.username,
        "organization_id": connection.organization_id,
        "environment": connection.environment,
        "domain": f"https://{logins.login_host(connection.environment, connection.domain)}",
        "api_version": connection.api_version,
    }


def _user_info(world: World, base: str, connection: Connection) -> dict[str, Any]:
    found = logins.find_user(world, connection.organization_id or "", connection.user_id or "")
    if found is None:
        return {}
    return identity.user_info(
        world, base, logins.login_host(connection.environment, connection.domain), *found
    )


def _metrics(connection: Connection) -> dict[str, Any]:
    last = connection.last_write
    return {"last_write_activity_time": iso(last) if last else None}
