"""A connection's schema, as Heroku Connect makes it."""

import psycopg
import pytest

from emulator.connect.sync import schemas, tables
from emulator.connect.sync.session import PgConnection
from tests.emulator.catalog import columns, indexes
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG, ACME_ID
from tests.emulator.tenant import log, run


def test_a_schema_has_the_system_tables_with_their_columns_and_indexes(
    connect_conn: PgConnection, schema: str, merged_writes: bool
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes)
    log_columns = {
        "id": "integer",
        "txid": "bigint",
        "created_at": "timestamp with time zone",
        "updated_at": "timestamp with time zone",
        "processed_at": "timestamp with time zone",
        "processed_tx": "bigint",
        "state": "character varying(8)",
        "action": "character varying(7)",
        "table_name": "character varying(128)",
        "record_id": "integer",
        "sfid": "character varying(18)",
        "old": "text",
        "values": "text",
        "sf_result": "integer",
        "sf_message": "text",
    }
    assert columns(connect_conn, schema, "_trigger_log") == log_columns
    assert columns(connect_conn, schema, "_trigger_log_archive") == log_columns
    assert columns(connect_conn, schema, "_sf_event_log")["sfid"] == "character varying(20)"
    assert set(indexes(connect_conn, schema, "_trigger_log")) == {
        "_trigger_log_pkey",
        "_trigger_log_idx_created_at",
        "_trigger_log_idx_state_id",
        "_trigger_log_idx_state_table_name",
    }
    meta = run(connect_conn, "SELECT org_id FROM {s}._hcmeta", schema).fetchall()
    assert meta == [(ACME_ID,)]


def test_the_org_is_noted_when_it_becomes_known(connect_conn: PgConnection, schema: str) -> None:
    schemas.create_schema(connect_conn, schema, None, merged_writes=True)
    schemas.set_org(connect_conn, schema, ACME_ID)
    meta = run(connect_conn, "SELECT org_id FROM {s}._hcmeta", schema).fetchall()
    assert meta == [(ACME_ID,)]


def test_a_schema_is_never_used_again(connect_conn: PgConnection, schema: str) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    with pytest.raises(psycopg.errors.DuplicateSchema):
        schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)


def test_capture_functions_exist_only_with_ordered_writes(
    connect_conn: PgConnection, schema: str, merged_writes: bool
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes)
    found = connect_conn.execute(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = %s::regnamespace"
        " AND proname ~ '^hc_capture_(insert|update)_from_row$'",
        [schema],
    ).fetchone()
    assert found == (0 if merged_writes else 2,)


def test_dropping_a_schema_twice_is_no_error(connect_conn: PgConnection, schema: str) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    schemas.drop_schema(connect_conn, schema)
    schemas.drop_schema(connect_conn, schema)
    assert connect_conn.execute("SELECT to_regnamespace(%s)", [schema]).fetchone() == (None,)


@pytest.mark.parametrize("name", ['sf "quoted"', "sf'; DROP", "sf$connect$", "select", "Süd"])
def test_an_odd_schema_name_is_quoted_everywhere(
    connect_conn: PgConnection, user_conn: PgConnection, merged_writes: bool, name: str
) -> None:
    schemas.create_schema(connect_conn, name, ACME_ID, merged_writes)
    try:
        tables.create_table(connect_conn, name, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
        run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", name)
        assert [entry[1] for entry in log(user_conn, name)] == ["INSERT"]
    finally:
        schemas.drop_schema(connect_conn, name)
