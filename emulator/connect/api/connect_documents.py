"""The JSON documents of Heroku Connect's regional API.

Source: the fixtures of Heroku's Connect command-line plugin. Mind the two ways of writing a time:
`times` has a space and +00:00, everything else T and Z.
"""

from typing import Any

from psycopg import conninfo

from emulator.connect.api.region import API
from emulator.connect.engine.states import MAPPING_ERRORS
from emulator.heroku.heroku_documents import app_id
from emulator.salesforce import identity
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.times import iso

FEATURES = (
    "cdc_for_accelerated_polling",
    "disable_bulk_writes",
    "drift_max_batches_in_parallel_override",
    "early_sf_api_access",
    "force_picklist_255",
    "get_deleted_latest_date_check",
    "increased_query_cursor_limit",
    "log_memory_usage",
    "mtls_shield_connection",
    "poll_db_no_merge",
    "poll_external_ids",
    "rest_count_only",
    "retry_failed_create_soap_call",
    "retry_get_query_batch_result_ids",
    "set_odata_extra_float_digits_to_0",
    "sync_repair_unlimited_query_all",
    "temp_tables_in_transactions",
    "testing_flag_only",
    "ucs_basic_collation_index",
    "use_assignment_rules",
    "verbose_sfnotifier_logging",
)
EXPORTED_FEATURES = (
    "disable_bulk_writes",
    "poll_db_no_merge",
    "poll_external_ids",
    "rest_count_only",
)


def connection_json(
    world: World, base: str, connection: Connection, *, deep: bool
) -> dict[str, Any]:
    """Show a connection with every key; `deep` adds its mappings."""
    addon = world.addons[connection.addon_id]
    plan = world.plan_of(connection)
    here = f"{API}/connections/{connection.id}"
    document = {
        "id": connection.id,
        "_id": connection.number,
        "name": connection.name,
        "addon_id": connection.addon_id,
        "app_name": world.options.app,
        "app_id": app_id(world),
        "team_name": None,
        "enterprise_account_name": None,
        "schema_name": connection.schema_name,
        "db_key": connection.db_key,
        "database": _database(world, connection),
        "organization_id": connection.organization_id,
        "state": connection.state,
        "mappings_summary_state": _summary_state(world, connection),
        "detail_url": here,
        "tags": [],
        "sf_info": _sf_info(connection),
        "created_at": iso(connection.created_at),
        "auth_updated": iso(connection.auth_updated) if connection.auth_updated else None,
        "plan": plan,
        "free_edition": plan == "demo",
        "dogwood": False,
        "user_info": _user_info(world, base, connection),
        "metrics": _metrics(connection),
        "logplex_log_enabled": connection.logplex_log_enabled,
        "deletable": False,
        "resource_name": addon.name,
        "large_query_threshold": 10000,
        "bulk_page_size": 150000,
        "soap_batch_size": 200,
        "features": features(connection),
        "internal_name": world.options.app,
        "notifications_url": f"{here}/notifications",
        "odata": None,
        "sf_instance": None,
        "sf_region": None,
    }
    if deep:
        mappings = world.mappings_of(connection)
        document["mappings"] = [mapping_json(base, each) for each in mappings]
    return document


def mapping_json(base: str, mapping: Mapping) -> dict[str, Any]:
    """Show a mapping with every key."""
    here = f"{API}/mappings/{mapping.id}"
    config = mapping.config
    counted = iso(mapping.counted_at) if mapping.counted_at else None
    times = dict.fromkeys(("sf_poll", "sf_write", "db_poll", "db_write"))
    return {
        "id": mapping.id,
        "_id": mapping.number,
        "object_name": mapping.object_name,
        "state": mapping.state,
        "config": config,
        "detail_url": here,
        "errors_url": f"{here}/errors",
        "schema_url": (
            f"{base}/region{API}/connections/{mapping.connection_id}/schemas/{mapping.object_name}"
        ),
        "created_at": iso(mapping.created_at),
        "updated_at": iso(mapping.updated_at),
        "connection": {"id": mapping.connection_id},
        "sf_notify_enabled": config["sf_notify_enabled"],
        "sf_polling_seconds": config["sf_polling_seconds"],
        "access": config["access"],
        "counts": {"db": 0, "sf": 0, "pending": 0, "errors": 0, **mapping.counts},
        "actively_writing": False,
        "state_description": mapping.state_description,
        "sync_flags": {},
        "times": {**times, **mapping.times},
        "has_hc_columns": True,
        "db_count_date": counted,
        "salesforce_count_date": counted,
        "is_polling": mapping.state.startswith("POLLING"),
        "upsert_field": config.get("upsert_field"),
    }


def export_json(world: World, connection: Connection) -> dict[str, Any]:
    """Show the configuration as the export document, which import takes back."""
    on = features(connection)
    return {
        "version": 1,
        "connection": {
            "app_name": world.options.app,
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


def features(connection: Connection) -> dict[str, bool]:
    """The feature flags; `poll_db_no_merge` is off in merged-writes mode."""
    on = {"retry_get_query_batch_result_ids", "ucs_basic_collation_index"}
    if not connection.merged_writes:
        on.add("poll_db_no_merge")
    return {name: name in on for name in FEATURES}


def _summary_state(world: World, connection: Connection) -> str:
    states = (each.state for each in world.mappings_of(connection))
    return next((state for state in states if state in MAPPING_ERRORS), "OK")


def _database(world: World, connection: Connection) -> dict[str, Any] | None:
    if connection.db_key is None:
        return None
    parts = conninfo.conninfo_to_dict(world.database_url(connection))
    port = int(str(parts.get("port") or 5432))
    return {"host": parts.get("host"), "database": parts.get("dbname"), "port": port}


def login_host(connection: Connection) -> str:
    """The host at which the connection's user logs in."""
    if connection.environment == "custom" and connection.domain:
        return connection.domain
    return identity.TEST if connection.environment == "sandbox" else identity.LOGIN


def _sf_info(connection: Connection) -> dict[str, Any]:
    return {
        "username": connection.username,
        "organization_id": connection.organization_id,
        "environment": connection.environment,
        "domain": f"https://{login_host(connection)}",
        "api_version": connection.api_version,
    }


def _user_info(world: World, base: str, connection: Connection) -> dict[str, Any]:
    found = identity.find_user(world, connection.organization_id or "", connection.user_id or "")
    if found is None:
        return {}
    return identity.user_info(world, base, login_host(connection), *found)


def _metrics(connection: Connection) -> dict[str, Any]:
    last = connection.last_write
    return {"last_write_activity_time": iso(last) if last else None}
