"""The feature flags of a connection."""

from emulator.state.entities import Connection

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


def features(connection: Connection) -> dict[str, bool]:
    """The feature flags; `poll_db_no_merge` is off in merged-writes mode."""
    # These are on in Heroku's fixtures; all others are off.
    on = {"retry_get_query_batch_result_ids", "ucs_basic_collation_index"}
    if not connection.merged_writes:
        on.add("poll_db_no_merge")
    return {name: name in on for name in FEATURES}
