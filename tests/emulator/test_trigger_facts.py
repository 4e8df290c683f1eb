"""What each kind of statement leaves in the trigger log, as facts.

Source: the logger of real read-write and read-only tables, in public dumps of connection schemas.
"""

from typing import Any, NamedTuple

import pytest
from psycopg import errors, sql
from psycopg.rows import dict_row

from emulator.connect.sync import hstore, tables
from emulator.connect.sync.session import PgConnection, own_session
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG
from tests.emulator.tenant import Tenant, run

SFID = "001B000000Acme0IAC"
# Two rows are there before each statement: one known to Salesforce, one not yet.
KNOWN, FRESH = 1, 2


class Fact(NamedTuple):
    """A user's statement on a row, and the state, sfid and values of the entry that it leaves."""

    statement: str
    row: int
    state: str
    sfid: str | None
    values: dict[str, str | None] | None = None


RENAME, NOTHING = "UPDATE {s}.account SET name = 'New'", "UPDATE {s}.account SET name = name"
SET, DELETE = "UPDATE {s}.account SET ", "DELETE FROM {s}.account"
QUOTES = """name = 'O''Neil "and" \\'"""
FACTS = {
    "update of a known row": Fact(RENAME, KNOWN, "NEW", SFID, {"name": "New"}),
    "update of a row without sfid": Fact(RENAME, FRESH, "NEW", None, {"name": "New"}),
    "update that changes nothing": Fact(NOTHING, KNOWN, "IGNORE", SFID, {}),
    "the same without sfid": Fact(NOTHING, FRESH, "IGNORE", None, {}),
    "update of Connect's own columns": Fact(
        SET + "_hc_lastop = 'x', _hc_err = 'y'", KNOWN, "IGNORE", SFID, {}
    ),
    "null": Fact(SET + "twitter__c = NULL", KNOWN, "NEW", SFID, {"twitter__c": None}),
    "null replaced": Fact(SET + "code__c = 'A'", KNOWN, "NEW", SFID, {"code__c": "A"}),
    "empty text": Fact(SET + "twitter__c = ''", KNOWN, "NEW", SFID, {"twitter__c": ""}),
    "quotes": Fact(SET + QUOTES, KNOWN, "NEW", SFID, {"name": 'O\'Neil "and" \\'}),
    "array": Fact(
        SET + "notes__c = ARRAY['a', 'b,c', NULL]::text",
        KNOWN,
        "NEW",
        SFID,
        {"notes__c": '{a,"b,c",NULL}'},
    ),
    "checkbox": Fact(SET + "customer__c = true", KNOWN, "NEW", SFID, {"customer__c": "t"}),
    "sfid taken away": Fact(SET + "sfid = NULL", KNOWN, "NEW", SFID, {"sfid": None}),
    "delete of a known row": Fact(DELETE, KNOWN, "NEW", SFID),
    "delete of a row without sfid": Fact(DELETE, FRESH, "IGNORE", None),
}


@pytest.fixture
def rows(connect_conn: PgConnection, accounts: str) -> str:
    """Acme's schema with its two rows, and an empty trigger log."""
    _fill(connect_conn, accounts)
    return accounts


def _fill(conn: PgConnection, schema: str) -> None:
    with own_session(conn):
        insert = "INSERT INTO {s}.account (sfid, name, twitter__c) VALUES (%s, %s, 'acme')"
        run(conn, insert, schema, [SFID, "Known"])
        run(conn, insert, schema, [None, "Fresh"])


def perform(conn: PgConnection, fact: Fact, schema: str) -> None:
    """Execute a fact's statement on its row."""
    run(conn, fact.statement + " WHERE id = %s", schema, [fact.row])


def entries(conn: PgConnection, schema: str) -> list[dict[str, Any]]:
    """Read the trigger log, with `old` and `values` as dictionaries."""
    query = sql.SQL("SELECT * FROM {}._trigger_log ORDER BY id")
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query.format(sql.Identifier(schema))).fetchall()
    for each in found:
        for key in ("old", "values"):
            each[key] = None if each[key] is None else hstore.parse(each[key])
    return found


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_a_users_statement_leaves_one_entry(user_conn: PgConnection, rows: str, fact: Fact) -> None:
    perform(user_conn, fact, rows)
    (entry,) = entries(user_conn, rows)
    assert (entry["state"], entry["sfid"], entry["values"]) == (fact.state, fact.sfid, fact.values)
    assert entry["action"] == fact.statement.split()[0]
    assert entry["old"].keys().isdisjoint({"_hc_lastop", "_hc_err"})
    assert entry["old"]["twitter__c"] == "acme"


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_on_a_read_only_table_the_entry_is_readonly(
    connect_conn: PgConnection, user_conn: PgConnection, rows: str, fact: Fact, merged_writes: bool
) -> None:
    read_only = {**ACCOUNT_CONFIG, "access": "read_only"}
    tables.alter_table(connect_conn, rows, ACCOUNT, read_only, merged_writes)
    perform(user_conn, fact, rows)
    (entry,) = entries(user_conn, rows)
    assert (entry["state"], entry["sfid"], entry["values"]) == ("READONLY", fact.sfid, fact.values)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_a_session_of_heroku_connect_leaves_no_entry(
    connect_conn: PgConnection, rows: str, fact: Fact
) -> None:
    with own_session(connect_conn):
        perform(connect_conn, fact, rows)
    assert entries(connect_conn, rows) == []


def test_an_insert_leaves_the_whole_row_and_no_sfid(user_conn: PgConnection, rows: str) -> None:
    run(user_conn, "INSERT INTO {s}.account (name, sfid) VALUES ('New', 'x')", rows)
    (entry,) = entries(user_conn, rows)
    assert (entry["state"], entry["action"], entry["record_id"]) == ("NEW", "INSERT", 3)
    assert (entry["sfid"], entry["old"]) == (None, None)
    assert (entry["values"]["name"], entry["values"]["sfid"]) == ("New", "x")
    assert entry["values"]["code__c"] is None


def test_what_the_capture_leaves_empty_is_null(user_conn: PgConnection, rows: str) -> None:
    run(user_conn, "UPDATE {s}.account SET name = 'New'", rows)
    for entry in entries(user_conn, rows):
        assert entry["created_at"] is not None
        assert entry["txid"] is not None
        for key in ("updated_at", "processed_at", "processed_tx", "sf_result", "sf_message"):
            assert entry[key] is None, key


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_without_public_in_the_search_path_a_statement_fails(ordered: Tenant, fact: Fact) -> None:
    _fill(ordered.connect, ordered.schema)
    ordered.user.execute("SET search_path = ''")
    with pytest.raises(errors.UndefinedFunction):
        perform(ordered.user, fact, ordered.schema)
    ordered.user.execute("RESET search_path")
    assert entries(ordered.user, ordered.schema) == []
