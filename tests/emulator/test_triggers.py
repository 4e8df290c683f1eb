"""Which writes Heroku Connect's triggers capture, and what they log."""

import pytest
from psycopg import errors, sql

from emulator.connect.sync import columns, schemas, tables
from emulator.connect.sync.session import PgConnection, own_session
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG, ACME_ID, HOSTILE
from tests.emulator.tenant import log, make, run


def test_a_users_writes_are_captured_and_mark_the_row(
    user_conn: PgConnection, accounts: str
) -> None:
    run(user_conn, "INSERT INTO {s}.account (name, customer__c) VALUES ('Acme', true)", accounts)
    run(user_conn, "UPDATE {s}.account SET name = 'Acme 2', twitter__c = 'acme'", accounts)
    marks = run(user_conn, "SELECT _hc_lastop, _hc_err FROM {s}.account", accounts).fetchall()
    assert marks == [("PENDING", None)]
    run(user_conn, "DELETE FROM {s}.account", accounts)
    insert, update, delete = log(user_conn, accounts)
    row = dict.fromkeys(
        column.name for column in columns.mapped_columns(ACCOUNT, ACCOUNT_CONFIG)
    ) | {"id": "1", "name": "Acme", "customer__c": "t"}
    after = row | {"name": "Acme 2", "twitter__c": "acme"}
    assert insert == ("NEW", "INSERT", "account", 1, None, None, row)
    assert update == (
        *("NEW", "UPDATE", "account", 1, None),
        *(row, {"name": "Acme 2", "twitter__c": "acme"}),
    )
    assert delete == ("IGNORE", "DELETE", "account", 1, None, after, None)


def test_updates_and_deletes_carry_the_old_sfid(
    connect_conn: PgConnection, user_conn: PgConnection, accounts: str
) -> None:
    with own_session(connect_conn):
        run(connect_conn, "INSERT INTO {s}.account (sfid, name) VALUES ('001A', 'Acme')", accounts)
    run(user_conn, "UPDATE {s}.account SET sfid = '001B'", accounts)
    run(user_conn, "DELETE FROM {s}.account", accounts)
    assert [entry[4] for entry in log(user_conn, accounts)] == ["001A", "001B"]


def test_heroku_connects_own_writes_are_not_captured(
    connect_conn: PgConnection, accounts: str
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


def test_writes_to_a_read_only_mapping_are_logged_and_never_sent(
    connect_conn: PgConnection, user_conn: PgConnection, accounts: str, merged_writes: bool
) -> None:
    read_only = {**ACCOUNT_CONFIG, "access": "read_only"}
    insert = "INSERT INTO {s}.account (name) VALUES ('Acme')"
    tables.alter_table(connect_conn, accounts, ACCOUNT, read_only, merged_writes)
    run(user_conn, insert, accounts)
    tables.alter_table(connect_conn, accounts, ACCOUNT, ACCOUNT_CONFIG, merged_writes)
    run(user_conn, insert, accounts)
    assert [entry[0] for entry in log(user_conn, accounts)] == ["READONLY", "NEW"]


def test_a_truncate_is_not_captured(user_conn: PgConnection, accounts: str) -> None:
    run(user_conn, "TRUNCATE {s}.account", accounts)
    assert log(user_conn, accounts) == []


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_captured_unchanged(
    user_conn: PgConnection, accounts: str, value: str
) -> None:
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('x')", accounts)
    run(user_conn, "UPDATE {s}.account SET name = %s, notes__c = %s", accounts, [value, value])
    run(user_conn, "DELETE FROM {s}.account", accounts)
    _, update, delete = log(user_conn, accounts)
    assert update[6] == {"name": value, "notes__c": value}
    assert delete[5]["name"] == value


def test_both_modes_write_the_same_text_except_the_letter_between_date_and_time(
    connect_conn: PgConnection, hstore_conn: PgConnection, schema: str
) -> None:
    written = []
    for merged_writes in (False, True):
        schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes)
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
        schemas.drop_schema(connect_conn, schema)
    ordered, merged = written
    spoken = [
        tuple(text and text.replace("11-23 12:00:01.5", "11-23T12:00:01.5") for text in row)
        for row in ordered
    ]
    assert merged == spoken


def test_a_captured_write_sends_a_notification(user_conn: PgConnection, accounts: str) -> None:
    channel = sql.Identifier(f"{accounts}.hc_trigger_log")
    user_conn.execute(sql.SQL("LISTEN {}").format(channel))
    run(user_conn, "INSERT INTO {s}.account (name) VALUES ('Acme')", accounts)
    heard = next(user_conn.notifies(timeout=1, stop_after=1))
    user_conn.execute("UNLISTEN *")
    assert (heard.channel, heard.payload) == (f"{accounts}.hc_trigger_log", "ping")


@pytest.fixture
def ordered(connect_conn: PgConnection, hstore_conn: PgConnection, schema: str) -> str:
    """A schema in ordered-writes mode with one account that Salesforce knows."""
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=False)
    tables.create_table(connect_conn, schema, ACCOUNT, ACCOUNT_CONFIG, merged_writes=False)
    with own_session(connect_conn):
        run(
            connect_conn,
            "INSERT INTO {s}.account (sfid, name, code__c) VALUES ('001A', 'Acme', 'A1')",
            schema,
        )
    return schema


def test_hc_capture_insert_writes_a_new_entry_without_the_excluded_columns(
    hstore_conn: PgConnection, ordered: str
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
    hstore_conn: PgConnection, ordered: str
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
    hstore_conn: PgConnection, ordered: str, function: str
) -> None:
    call = sql.SQL("SELECT {}.{}('name=>x'::public.hstore, 'account')")
    answer = hstore_conn.execute(
        call.format(sql.Identifier(ordered), sql.Identifier(function))
    ).fetchone()
    assert answer == (None,)
    assert log(hstore_conn, ordered) == []


@pytest.mark.usefixtures("hstore_conn")
def test_hstore_outside_of_public_is_found_by_the_search_path(bare_conn: PgConnection) -> None:
    bare_conn.execute("CREATE SCHEMA extensions; CREATE EXTENSION hstore SCHEMA extensions")
    tenant = make(bare_conn, bare_conn, "sf_bare_1", merged_writes=False)
    insert = "INSERT INTO {s}.hcpoc__tweet__c (hcpoc__body__c) VALUES ('hi')"
    with pytest.raises(errors.UndefinedFunction, match="hstore"):
        tenant.run(insert)
    bare_conn.execute("SET search_path = public, extensions")
    tenant.run(insert)
    tenant.run(
        "SELECT {s}.hc_capture_insert_from_row(extensions.hstore(t), 'hcpoc__tweet__c')"
        " FROM {s}.hcpoc__tweet__c AS t"
    )
    assert [entry[6]["hcpoc__body__c"] for entry in log(bare_conn, tenant.schema)] == ["hi", "hi"]
