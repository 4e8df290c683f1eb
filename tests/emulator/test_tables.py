"""Schemas and mapped tables: what Heroku Connect makes of a mapping, and what its triggers see."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from emulator import hstore, tables
from emulator.org import Field, SObject
from emulator.session import Connection, names, own_session
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG, ACME_ID, TWEET, TWEET_CONFIG, config

HOSTILE = [
    'O\'Neil "and" sons',
    'back\\slash \\" \\N',
    "line\nfeed\ttab\rreturn",
    '"name"=>"x", "sfid"=>NULL',
    "'); DROP TABLE account; --",
    "%s %(name)s {} $$ $1",
    "Söhne 東京 🐘 \u202e\u0301",
    "NULL",
    "",
    " ",
]


def run(conn: Connection, statement: str, schema: str, values: Any = None) -> psycopg.Cursor[Any]:
    """Execute a statement in which {s} is the schema."""
    return conn.execute(sql.SQL(statement).format(s=sql.Identifier(schema)), values)


@pytest.fixture
def accounts(
    connect_conn: Connection, user_conn: Connection, schema: str, merged_writes: bool
) -> Iterator[str]:
    """A schema with Acme's account table, in each mode."""
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes)
    tables.create_table(connect_conn, schema, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
    yield schema
    user_conn.execute("RESET search_path")


def log(conn: Connection, schema: str) -> list[tuple[Any, ...]]:
    """Read state, action, table, record id, sfid, old and values of the trigger log."""
    rows = run(
        conn,
        "SELECT state, action, table_name, record_id, sfid, old, values"
        " FROM {s}._trigger_log ORDER BY id",
        schema,
    ).fetchall()
    return [(*row[:5], *(each and hstore.parse(each) for each in row[5:])) for row in rows]


def columns(conn: Connection, schema: str, table: str) -> dict[str, str]:
    rows = conn.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
        """,
        [sql.SQL("{schema}.{table}").format(**names(schema, table)).as_string(conn)],
    )
    return dict(rows.fetchall())


def indexes(conn: Connection, schema: str, table: str) -> dict[str, bool]:
    """Name each index of a table, and say whether it is unique."""
    rows = conn.execute(
        """
        SELECT relname, indisunique FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = %s::regclass
        """,
        [sql.SQL("{schema}.{table}").format(**names(schema, table)).as_string(conn)],
    )
    return dict(rows.fetchall())


# -- schemas -------------------------------------------------------------------------------------


def test_a_schema_has_the_system_tables_with_their_columns_and_indexes(
    connect_conn: Connection, schema: str, merged_writes: bool
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes)
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


def test_the_org_is_noted_when_it_becomes_known(connect_conn: Connection, schema: str) -> None:
    tables.create_schema(connect_conn, schema, None, merged_writes=True)
    tables.set_org(connect_conn, schema, ACME_ID)
    meta = run(connect_conn, "SELECT org_id FROM {s}._hcmeta", schema).fetchall()
    assert meta == [(ACME_ID,)]


def test_a_schema_is_never_used_again(connect_conn: Connection, schema: str) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    with pytest.raises(psycopg.errors.DuplicateSchema):
        tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)


def test_capture_functions_are_there_only_with_ordered_writes(
    connect_conn: Connection, schema: str, merged_writes: bool
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes)
    found = connect_conn.execute(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = %s::regnamespace"
        " AND proname ~ '^hc_capture_(insert|update)_from_row$'",
        [schema],
    ).fetchone()
    assert found == (0 if merged_writes else 2,)


def test_dropping_a_schema_twice_is_no_error(connect_conn: Connection, schema: str) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    tables.drop_schema(connect_conn, schema)
    tables.drop_schema(connect_conn, schema)
    assert connect_conn.execute("SELECT to_regnamespace(%s)", [schema]).fetchone() == (None,)


@pytest.mark.parametrize("name", ['sf "quoted"', "sf'; DROP", "sf$connect$", "select", "Süd"])
def test_an_odd_schema_name_is_quoted_everywhere(
    connect_conn: Connection, user_conn: Connection, merged_writes: bool, name: str
) -> None:
    tables.create_schema(connect_conn, name, ACME_ID, merged_writes)
    try:
        tables.create_table(connect_conn, name, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
        run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", name)
        assert [entry[1] for entry in log(user_conn, name)] == ["INSERT"]
    finally:
        tables.drop_schema(connect_conn, name)


# -- tables --------------------------------------------------------------------------------------


def test_field_types_become_the_column_types_of_heroku_connect(
    connect_conn: Connection, schema: str
) -> None:
    types = {
        "Owner__c": Field("Owner__c", "reference"),
        "Title__c": Field("Title__c", "string", 42),
        "Short__c": Field("Short__c", "textarea", 500),
        "Long__c": Field("Long__c", "textarea", 32768),
        "Pick__c": Field("Pick__c", "picklist"),
        "Many__c": Field("Many__c", "multipicklist"),
        "Number__c": Field("Number__c", "double"),
        "Money__c": Field("Money__c", "currency"),
        "Share__c": Field("Share__c", "percent"),
        "Count__c": Field("Count__c", "int"),
        "Check__c": Field("Check__c", "boolean"),
        "Day__c": Field("Day__c", "date"),
        "Moment__c": Field("Moment__c", "datetime"),
        "Mail__c": Field("Mail__c", "email"),
        "Call__c": Field("Call__c", "phone"),
        "Site__c": Field("Site__c", "url"),
    }
    sobject = SObject("Thing__c", (Field("Name", "string", 80), *types.values()))
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    wanted = config(*types, "Parent__r__Key__c")
    tables.create_table(connect_conn, schema, sobject, wanted, merged_writes=True)
    assert columns(connect_conn, schema, "thing__c") == {
        "id": "integer",
        "sfid": "character varying(18)",
        "_hc_lastop": "character varying(32)",
        "_hc_err": "text",
        "createddate": "timestamp without time zone",
        "systemmodstamp": "timestamp without time zone",
        "isdeleted": "boolean",
        "name": "character varying(80)",
        "owner__c": "character varying(18)",
        "title__c": "character varying(42)",
        "short__c": "character varying(500)",
        "long__c": "text",
        "pick__c": "character varying(255)",
        "many__c": "character varying(4099)",
        "number__c": "double precision",
        "money__c": "double precision",
        "share__c": "double precision",
        "count__c": "integer",
        "check__c": "boolean",
        "day__c": "date",
        "moment__c": "timestamp without time zone",
        "mail__c": "character varying(80)",
        "call__c": "character varying(40)",
        "site__c": "character varying(255)",
        "parent__r__key__c": "text",
    }


def test_indexes_are_named_and_made_as_in_real_schemas(
    connect_conn: Connection, schema: str
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    wanted = config("Code__c", indexes={"Code__c": True, "Name": False})
    tables.create_table(connect_conn, schema, ACCOUNT, wanted, merged_writes=True)
    assert indexes(connect_conn, schema, "account") == {
        "account_pkey": True,
        "hcu_idx_account_sfid": True,
        "hc_idx_account_systemmodstamp": False,
        "hcu_idx_account_code__c": True,
        "hc_idx_account_name": False,
    }


def test_an_old_export_without_indexes_still_gets_the_two_standard_ones(
    connect_conn: Connection, schema: str
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    old = {key: value for key, value in ACCOUNT_CONFIG.items() if key != "indexes"}
    tables.create_table(connect_conn, schema, ACCOUNT, old, merged_writes=True)
    assert set(indexes(connect_conn, schema, "account")) == {
        "account_pkey",
        "hcu_idx_account_sfid",
        "hc_idx_account_systemmodstamp",
    }


@pytest.mark.parametrize("object_name", ["User", "hcpoc__Tweet__c", "Order", "X" * 90 + "__c"])
def test_reserved_namespaced_and_long_names_work(
    connect_conn: Connection, user_conn: Connection, schema: str, object_name: str
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    sobject = SObject(object_name, (Field("Name", "string"), Field("Y" * 90 + "__c", "string")))
    wanted = config("Y" * 90 + "__c", indexes={"Y" * 90 + "__c": False})
    tables.create_table(connect_conn, schema, sobject, wanted, merged_writes=True)
    table = tables.table_name(object_name)
    insert = sql.SQL("INSERT INTO {schema}.{table} (name) VALUES ('x')")
    user_conn.execute(insert.format(**names(schema, table)))
    assert log(user_conn, schema)[0][2] == table
    assert tables.alter_table(connect_conn, schema, sobject, wanted, merged_writes=True) == []
    tables.drop_table(connect_conn, schema, object_name)


def test_unknown_fields_and_unmapped_indexes_are_a_bad_config(
    connect_conn: Connection, schema: str
) -> None:
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    with pytest.raises(tables.BadConfig, match="Account has no such field: Nope__c, Oops__c"):
        tables.create_table(
            connect_conn, schema, ACCOUNT, config("Nope__c", "Oops__c"), merged_writes=True
        )
    with pytest.raises(tables.BadConfig, match="index on Code__c, which is not mapped"):
        tables.create_table(
            connect_conn, schema, ACCOUNT, config(indexes={"Code__c": True}), merged_writes=True
        )
    assert not exists(connect_conn, schema, "account")


def exists(conn: Connection, schema: str, table: str) -> bool:
    found = conn.execute("SELECT to_regclass(%s)", [f'"{schema}"."{table}"']).fetchone()
    return found != (None,)


def test_a_table_is_fitted_to_a_changed_config(
    connect_conn: Connection, user_conn: Connection, accounts: str, merged_writes: bool
) -> None:
    run(user_conn, "INSERT INTO {s}.account (name, code__c) VALUES ('Acme', 'A1')", accounts)
    changed = config("Customer__c", "Twitter__c", "Seen__c", indexes={"Twitter__c": False})
    added = tables.alter_table(connect_conn, accounts, ACCOUNT, changed, merged_writes)
    assert added == []
    assert set(columns(connect_conn, accounts, "account")) == {
        *("id", "sfid", "_hc_lastop", "_hc_err"),
        *("createddate", "systemmodstamp", "isdeleted", "name"),
        *("customer__c", "twitter__c", "seen__c"),
    }
    assert "hc_idx_account_twitter__c" in indexes(connect_conn, accounts, "account")
    back = config("Code__c", "Twitter__c", indexes={"Code__c": True})
    assert tables.alter_table(connect_conn, accounts, ACCOUNT, back, merged_writes) == ["code__c"]
    assert set(indexes(connect_conn, accounts, "account")) == {
        "account_pkey",
        "hcu_idx_account_sfid",
        "hc_idx_account_systemmodstamp",
        "hcu_idx_account_code__c",
    }
    kept = run(user_conn, "SELECT name, code__c FROM {s}.account", accounts).fetchall()
    assert kept == [("Acme", None)]


def test_a_dropped_table_takes_its_functions_views_and_waiting_writes_along(
    connect_conn: Connection, user_conn: Connection, accounts: str
) -> None:
    run(user_conn, "CREATE VIEW {s}.names AS SELECT name FROM {s}.account", accounts)
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", accounts)
    tables.drop_table(connect_conn, accounts, "Account")
    tables.drop_table(connect_conn, accounts, "Account")
    functions = connect_conn.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = %s::regnamespace AND proname ~ 'account'",
        [accounts],
    ).fetchall()
    assert functions == []
    assert [entry[0] for entry in log(connect_conn, accounts)] == ["IGNORED"]


def test_a_table_can_be_dropped_from_a_schema_that_lost_its_system_tables(
    connect_conn: Connection, accounts: str
) -> None:
    run(connect_conn, "DROP TABLE {s}._trigger_log", accounts)
    tables.drop_table(connect_conn, accounts, "Account")
    assert not exists(connect_conn, accounts, "account")


# -- captured writes -----------------------------------------------------------------------------


def test_a_users_writes_are_captured_and_mark_the_row(user_conn: Connection, accounts: str) -> None:
    run(user_conn, "INSERT INTO {s}.account (name, customer__c) VALUES ('Acme', true)", accounts)
    run(user_conn, "UPDATE {s}.account SET name = 'Acme 2', twitter__c = 'acme'", accounts)
    marks = run(user_conn, "SELECT _hc_lastop, _hc_err FROM {s}.account", accounts).fetchall()
    assert marks == [("PENDING", None)]
    run(user_conn, "DELETE FROM {s}.account", accounts)
    insert, update, delete = log(user_conn, accounts)
    row = dict.fromkeys(
        column.name for column in tables.mapped_columns(ACCOUNT, ACCOUNT_CONFIG)
    ) | {"id": "1", "name": "Acme", "customer__c": "t"}
    after = row | {"name": "Acme 2", "twitter__c": "acme"}
    assert insert == ("NEW", "INSERT", "account", 1, None, None, row)
    assert update == (
        *("NEW", "UPDATE", "account", 1, None),
        *(row, {"name": "Acme 2", "twitter__c": "acme"}),
    )
    assert delete == ("NEW", "DELETE", "account", 1, None, after, None)


def test_updates_and_deletes_carry_the_old_sfid(
    connect_conn: Connection, user_conn: Connection, accounts: str
) -> None:
    with own_session(connect_conn):
        run(connect_conn, "INSERT INTO {s}.account (sfid, name) VALUES ('001A', 'Acme')", accounts)
    run(user_conn, "UPDATE {s}.account SET sfid = '001B'", accounts)
    run(user_conn, "DELETE FROM {s}.account", accounts)
    assert [entry[4] for entry in log(user_conn, accounts)] == ["001A", "001B"]


def test_heroku_connects_own_writes_are_not_captured(
    connect_conn: Connection, accounts: str
) -> None:
    with own_session(connect_conn):
        run(connect_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", accounts)
    statuses = "SELECT _hc_lastop, _hc_err FROM {s}.account"
    assert run(connect_conn, statuses, accounts).fetchall() == [("SYNCED", None)]
    with own_session(connect_conn):
        run(
            connect_conn,
            "UPDATE {s}.account SET _hc_lastop = 'FAILED', _hc_err = 'no'",
            accounts,
        )
    assert run(connect_conn, statuses, accounts).fetchall() == [("FAILED", "no")]
    with own_session(connect_conn):
        run(connect_conn, "UPDATE {s}.account SET name = 'Acme 2'", accounts)
    assert run(connect_conn, statuses, accounts).fetchall() == [("SYNCED", None)]
    with own_session(connect_conn):
        run(connect_conn, "DELETE FROM {s}.account", accounts)
    assert log(connect_conn, accounts) == []


def test_a_read_only_mapping_captures_what_is_never_sent(
    connect_conn: Connection, user_conn: Connection, accounts: str, merged_writes: bool
) -> None:
    read_only = {**ACCOUNT_CONFIG, "access": "read_only"}
    insert = "INSERT INTO {s}.account (name) VALUES ('Acme')"
    tables.alter_table(connect_conn, accounts, ACCOUNT, read_only, merged_writes)
    run(user_conn, insert, accounts)
    tables.alter_table(connect_conn, accounts, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
    run(user_conn, insert, accounts)
    assert [entry[0] for entry in log(user_conn, accounts)] == ["READONLY", "NEW"]


def test_a_truncate_is_not_captured(user_conn: Connection, accounts: str) -> None:
    run(user_conn, "TRUNCATE {s}.account", accounts)
    assert log(user_conn, accounts) == []


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_captured_whole(
    user_conn: Connection, accounts: str, value: str
) -> None:
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('x')", accounts)
    run(user_conn, "UPDATE {s}.account SET name = %s, notes__c = %s", accounts, [value, value])
    run(user_conn, "DELETE FROM {s}.account", accounts)
    _, update, delete = log(user_conn, accounts)
    assert update[6] == {"name": value, "notes__c": value}
    assert delete[5]["name"] == value


def test_both_modes_write_the_same_text_but_for_the_letter_between_date_and_time(
    connect_conn: Connection, hstore_conn: Connection, schema: str
) -> None:
    written = []
    for merged_writes in (False, True):
        tables.create_schema(connect_conn, schema, ACME_ID, merged_writes)
        tables.create_table(connect_conn, schema, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
        run(
            hstore_conn,
            "INSERT INTO {s}.account (name, notes__c, employees__c, revenue__c, customer__c,"
            " founded__c, seen__c) VALUES (%s, '', 7, 12.5, false, '1999-12-31',"
            " '2026-11-23 12:00:01.5')",
            schema,
            [" ".join(HOSTILE)],
        )
        run(hstore_conn, "UPDATE {s}.account SET customer__c = true, revenue__c = 0.5", schema)
        query = "SELECT old, values FROM {s}._trigger_log ORDER BY id"
        written.append(run(hstore_conn, query, schema).fetchall())
        tables.drop_schema(connect_conn, schema)
    ordered, merged = written
    spoken = [
        tuple(text and text.replace("11-23 12:00:01.5", "11-23T12:00:01.5") for text in row)
        for row in ordered
    ]
    assert merged == spoken


def test_triggers_work_for_a_session_with_another_search_path(
    user_conn: Connection, accounts: str
) -> None:
    user_conn.execute("SET search_path = ''")
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", accounts)
    run(user_conn, "UPDATE {s}.account SET name = 'Acme 2'", accounts)
    run(user_conn, "DELETE FROM {s}.account", accounts)
    assert [entry[1] for entry in log(user_conn, accounts)] == ["INSERT", "UPDATE", "DELETE"]


def test_a_captured_write_is_announced(user_conn: Connection, accounts: str) -> None:
    channel = sql.Identifier(f"{accounts}.hc_trigger_log")
    user_conn.execute(sql.SQL("LISTEN {}").format(channel))
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", accounts)
    heard = next(user_conn.notifies(timeout=1, stop_after=1))
    user_conn.execute("UNLISTEN *")
    assert (heard.channel, heard.payload) == (f"{accounts}.hc_trigger_log", "ping")


# -- re-sending by hand --------------------------------------------------------------------------


@pytest.fixture
def ordered(connect_conn: Connection, hstore_conn: Connection, schema: str) -> str:
    """A schema in ordered-writes mode with one account that Salesforce knows."""
    tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=False)
    tables.create_table(connect_conn, schema, ACCOUNT, ACCOUNT_CONFIG, merged_writes=False)
    with own_session(connect_conn):
        run(
            connect_conn,
            "INSERT INTO {s}.account (sfid, name, code__c) VALUES ('001A', 'Acme', 'A1')",
            schema,
        )
    return schema


def test_hc_capture_insert_writes_a_new_entry_without_the_excluded_columns(
    hstore_conn: Connection, ordered: str
) -> None:
    captured = run(
        hstore_conn,
        "SELECT {s}.hc_capture_insert_from_row(public.hstore(a), 'account', '{{id,sfid,code__c}}')"
        " FROM {s}.account AS a",
        ordered,
    ).fetchone()
    assert captured == (1,)
    ((state, action, table, record_id, sfid, old, values),) = log(hstore_conn, ordered)
    assert (state, action, table, record_id) == ("NEW", "INSERT", "account", 1)
    assert (sfid, old) == (None, None)
    assert (values["id"], values["sfid"], values["name"]) == ("1", "001A", "Acme")
    assert values.keys().isdisjoint({"code__c", "_hc_lastop", "_hc_err"})


def test_hc_capture_update_writes_the_named_columns_or_all(
    hstore_conn: Connection, ordered: str
) -> None:
    call = "SELECT {s}.hc_capture_update_from_row(public.hstore(a), 'account'%s) FROM {s}.account a"
    run(hstore_conn, call % ", '{{name}}'", ordered)
    run(hstore_conn, call % "", ordered)
    named, whole = log(hstore_conn, ordered)
    assert named == ("NEW", "UPDATE", "account", 1, "001A", None, {"name": "Acme"})
    assert whole[6]["code__c"] == "A1"
    assert whole[6].keys().isdisjoint({"_hc_lastop", "_hc_err"})


@pytest.mark.parametrize("function", ["hc_capture_insert_from_row", "hc_capture_update_from_row"])
def test_a_row_without_an_id_is_not_captured(
    hstore_conn: Connection, ordered: str, function: str
) -> None:
    call = sql.SQL("SELECT {}.{}('name=>x'::public.hstore, 'account')")
    answer = hstore_conn.execute(
        call.format(sql.Identifier(ordered), sql.Identifier(function))
    ).fetchone()
    assert answer == (None,)
    assert log(hstore_conn, ordered) == []


def test_hstore_outside_of_public_is_found(
    connect_conn: Connection, user_conn: Connection, schema: str
) -> None:
    if not tables.has_hstore(connect_conn):
        pytest.skip("this PostgreSQL has no hstore extension")
    connect_conn.execute("CREATE SCHEMA IF NOT EXISTS extensions")
    connect_conn.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public")
    connect_conn.execute("ALTER EXTENSION hstore SET SCHEMA extensions")
    try:
        tables.create_schema(connect_conn, schema, ACME_ID, merged_writes=False)
        tables.create_table(connect_conn, schema, TWEET, TWEET_CONFIG, merged_writes=False)
        run(user_conn, "INSERT INTO {s}.hcpoc__tweet__c (hcpoc__body__c) VALUES ('hi')", schema)
        assert log(user_conn, schema)[0][6]["hcpoc__body__c"] == "hi"
    finally:
        connect_conn.execute("ALTER EXTENSION hstore SET SCHEMA public")


def test_field_names_are_found_in_any_case() -> None:
    odd = config("TWITTER__C", "twitter__c")
    found = [column.field for column in tables.mapped_columns(ACCOUNT, odd)]
    assert found.count("Twitter__c") == 1


def test_an_object_without_isdeleted_in_its_config_gets_no_such_column() -> None:
    user = replace(ACCOUNT, name="User")
    fields: dict[str, Any] = {"fields": {"Id": {}, "CreatedDate": {}, "SystemModstamp": {}}}
    found = [column.name for column in tables.mapped_columns(user, fields)]
    assert found == ["sfid", "createddate", "systemmodstamp"]
