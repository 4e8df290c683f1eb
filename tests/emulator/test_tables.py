"""Mapped tables, as Heroku Connect makes them."""

from dataclasses import replace
from typing import Any

import pytest
from psycopg import sql

from emulator.connect.sync import schemas, tables
from emulator.connect.sync.columns import BadConfig, mapped_columns
from emulator.connect.sync.names import names, table_name
from emulator.connect.sync.session import PgConnection
from emulator.org.objects import Field, SObject
from emulator.org.standard_objects import SYSTEM_FIELDS
from tests.emulator.catalog import columns, indexes
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG, ACME_ID, config
from tests.emulator.tenant import log, run


def test_field_types_become_the_column_types_of_heroku_connect(
    connect_conn: PgConnection, schema: str
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
    sobject = SObject("Thing__c", (*SYSTEM_FIELDS, Field("Name", "string", 80), *types.values()))
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    wanted = config(*types, "Owner__r__Key__c")
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
        "owner__r__key__c": "text",
    }


def test_indexes_are_named_and_made_as_in_real_schemas(
    connect_conn: PgConnection, schema: str
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    wanted = config("Code__c", indexes={"Code__c": True, "Name": False})
    tables.create_table(connect_conn, schema, ACCOUNT, wanted, merged_writes=True)
    assert indexes(connect_conn, schema, "account") == {
        "account_pkey": True,
        "hcu_idx_account_sfid": True,
        "hc_idx_account_systemmodstamp": False,
        "hcu_idx_account_code__c": True,
        "hc_idx_account_name": False,
    }


def test_an_old_export_without_indexes_still_gets_the_two_standard_indexes(
    connect_conn: PgConnection, schema: str
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    old = {key: value for key, value in ACCOUNT_CONFIG.items() if key != "indexes"}
    tables.create_table(connect_conn, schema, ACCOUNT, old, merged_writes=True)
    assert set(indexes(connect_conn, schema, "account")) == {
        "account_pkey",
        "hcu_idx_account_sfid",
        "hc_idx_account_systemmodstamp",
    }


@pytest.mark.parametrize("object_name", ["User", "hcpoc__Tweet__c", "Order", "X" * 90 + "__c"])
def test_reserved_namespaced_and_long_names_work(
    connect_conn: PgConnection, user_conn: PgConnection, schema: str, object_name: str
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    sobject = SObject(
        object_name, (*SYSTEM_FIELDS, Field("Name", "string"), Field("Y" * 90 + "__c", "string"))
    )
    wanted = config("Y" * 90 + "__c", indexes={"Y" * 90 + "__c": False})
    tables.create_table(connect_conn, schema, sobject, wanted, merged_writes=True)
    table = table_name(object_name)
    insert = sql.SQL("INSERT INTO {schema}.{table} (name) VALUES ('x')")
    user_conn.execute(insert.format(**names(schema, table)))
    assert log(user_conn, schema)[0][2] == table
    assert tables.alter_table(connect_conn, schema, sobject, wanted, merged_writes=True) == []
    tables.drop_table(connect_conn, schema, object_name)


def test_unknown_fields_and_unmapped_indexes_are_a_bad_config(
    connect_conn: PgConnection, schema: str
) -> None:
    schemas.create_schema(connect_conn, schema, ACME_ID, merged_writes=True)
    with pytest.raises(BadConfig, match="Account has no such field: Nope__c, Oops__c"):
        tables.create_table(
            connect_conn, schema, ACCOUNT, config("Nope__c", "Oops__c"), merged_writes=True
        )
    with pytest.raises(BadConfig, match="index on Code__c, which is not mapped"):
        tables.create_table(
            connect_conn, schema, ACCOUNT, config(indexes={"Code__c": True}), merged_writes=True
        )
    assert not exists(connect_conn, schema, "account")


def exists(conn: PgConnection, schema: str, table: str) -> bool:
    found = conn.execute("SELECT to_regclass(%s)", [f'"{schema}"."{table}"']).fetchone()
    return found != (None,)


def test_a_table_is_changed_to_fit_a_changed_config(
    connect_conn: PgConnection, user_conn: PgConnection, accounts: str, merged_writes: bool
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


def test_dropping_a_table_drops_its_functions_and_views_and_ignores_waiting_writes(
    connect_conn: PgConnection, user_conn: PgConnection, accounts: str
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


def test_a_table_can_be_dropped_from_a_schema_without_system_tables(
    connect_conn: PgConnection, accounts: str
) -> None:
    run(connect_conn, "DROP TABLE {s}._trigger_log", accounts)
    tables.drop_table(connect_conn, accounts, "Account")
    assert not exists(connect_conn, accounts, "account")


def test_field_names_are_found_in_any_case() -> None:
    found = [column.field for column in mapped_columns(ACCOUNT, config("TWITTER__C"))]
    assert found.count("Twitter__c") == 1
    with pytest.raises(BadConfig, match="Account maps twitter__c twice"):
        mapped_columns(ACCOUNT, config("TWITTER__C", "twitter__c"))


def test_an_object_without_isdeleted_in_its_config_gets_no_such_column() -> None:
    user = replace(ACCOUNT, name="User")
    fields: dict[str, Any] = {"fields": {"Id": {}, "CreatedDate": {}, "SystemModstamp": {}}}
    found = [column.name for column in mapped_columns(user, fields)]
    assert found == ["sfid", "createddate", "systemmodstamp"]


def test_ordered_writes_need_the_hstore_extension(bare_conn: PgConnection) -> None:
    schemas.create_schema(bare_conn, "sf_bare_1", ACME_ID, merged_writes=True)
    with pytest.raises(LookupError, match="hstore extension, which this database lacks"):
        tables.create_table(bare_conn, "sf_bare_1", ACCOUNT, ACCOUNT_CONFIG, merged_writes=False)
    assert not exists(bare_conn, "sf_bare_1", "account")
