"""One cause for each kind of refusal, and nothing of the refused value in it."""

import re

import pytest
from django.db import connection as database
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from psycopg import sql

from connect.models import WriteError
from connect.write_errors import scan
from connect.write_errors.cause import CAUSE
from tests.connect.write_errors.schemas import live, write

pytestmark = pytest.mark.django_db

TOO_LONG = "STRING_TOO_LONG: Billing City: data value too large"
PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Level: bad value for restricted picklist field"
EMAIL = "INVALID_EMAIL_ADDRESS: Email: invalid email address"
TYPE = "INVALID_TYPE_ON_FIELD_IN_RECORD: Close: value not of required type"
DUPLICATE = "DUPLICATE_VALUE: duplicate value found: Key__c duplicates value on record with id"

GROUPS = [
    (
        TOO_LONG,
        [
            "Sankt Beispiel am Unteren Musterbach (max length=40)",
            "Llanexample-on-the-Hill, Greater Sample (max length=40)",
            "例示市中央区見本町三丁目二十番地サンプルビル (max length=40)",
        ],
    ),
    (PICKLIST, ["Gold", "Silver plus", "Bronze", "c/o: the gold one"]),
    (EMAIL, ["jane@example.com,bob@example.org", "jane at example", ""]),
    (TYPE, ["31.12.2026", "next Friday", "a 'quoted' one", "two\nlines"]),
    (DUPLICATE, ["0015g00000ABcDe", "<unknown>"]),
]

# Messages that hold a value where no structure says so.
OTHERS = [
    ("JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING value next Friday "
     "by Jane Doe or request may be missing a required field at [line:1, column:2]"),
    ("JSON_PARSER_ERROR", "31.12.2026: cannot be read"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ms Erika Mustermann is blocked"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Mr Max: must not be sent: Mustermann"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Account: the name of jane: x"),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trigger: caused by jane doe: x"),
    ("INVALID_FIELD", "Foreign key external ID: jane smith not found for field Key__c in entity A"),
    ("INVALID_FIELD", "No such column 'jane__c' on sobject of type Account"),
    ("ENTITY_IS_DELETED", "entity is deleted: jane doe smith: again"),
    ("ENTITY_IS_DELETED", "next friday by jane doe"),
    ("INVALID_EMAIL_ADDRESS", "jane at example"),
    ("DELETE_FAILED", "Your attempt to delete Jane Doe could not be completed because of cases: 1"),
    ("STRING_TOO_LONG", "市区郡: データ値が大きすぎます: 例示市 (最大長=40)"),
]  # fmt: skip


def cause_of(message: str) -> str:
    with database.cursor() as cursor:
        statement = sql.SQL("SELECT {} FROM (SELECT %s::text AS sf_message) AS entry")
        cursor.execute(statement.format(CAUSE), [message])
        found = cursor.fetchone()
    assert found is not None
    return str(found[0])


@pytest.mark.parametrize(("beginning", "values"), GROUPS)
def test_a_kind_of_refusal_is_one_cause(beginning: str, values: list[str]) -> None:
    assert {cause_of(f"{beginning}: {value}") for value in values} == {f"{beginning}: …"}


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]",
         "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]"),
        ("REQUIRED_FIELD_MISSING: Required fields are missing: [Jane <x>]",
         "REQUIRED_FIELD_MISSING: other message"),
        ("Something odd from Jane Doe <jane@example.com>", "other message"),
        ("SMITH: called twice", "other message"),
        ("Billing City: data value too large: Musterdorf", "other message"),
    ],
)  # fmt: skip
def test_what_names_no_value_is_kept(message: str, cause: str) -> None:
    assert cause_of(message) == cause


@pytest.mark.parametrize(("status", "text"), OTHERS)
def test_of_a_message_of_another_structure_the_status_code_alone_is_kept(
    status: str, text: str
) -> None:
    kept = cause_of(f"{status}: {text}")
    expected = {"ENTITY_IS_DELETED: entity is deleted: …", f"{status}: other message"}
    assert kept in expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    beginning=st.sampled_from([TOO_LONG, PICKLIST, EMAIL, TYPE, DUPLICATE]),
    value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
)
def test_no_word_of_a_value_is_in_its_cause(beginning: str, value: str) -> None:
    assume(value.strip())
    kept = cause_of(f"{beginning}: {value}").removeprefix(beginning)
    assert not [word for word in re.findall(r"\w+", value) if word in kept]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    status=st.sampled_from(["JSON_PARSER_ERROR", "FIELD_CUSTOM_VALIDATION_EXCEPTION", ""]),
    # Without a colon there is no structure.
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=":")),
)
def test_free_text_never_makes_a_cause(status: str, text: str) -> None:
    assume(text.strip())
    # Nothing tells such a text from a status code.
    assume(status or not re.fullmatch(r"[A-Z]+(_[A-Z0-9]+)+", text.strip()))
    beginning = f"{status}: " if status else ""
    assert cause_of(f"{beginning}{text}") == f"{beginning}other message"


def test_causes_of_an_earlier_version_are_grouped_again_by_the_next_scan() -> None:
    connection = live(1)
    for value in ("Gold", "Silver plus"):
        write(connection, f"{PICKLIST}: {value}")
        WriteError.objects.create(
            connection=connection, table_name="account", cause=f"{PICKLIST}: {value}", failed=1
        )
    scan.scan_all()
    error = WriteError.objects.get()
    assert (error.cause, error.failed) == (f"{PICKLIST}: …", 2)
