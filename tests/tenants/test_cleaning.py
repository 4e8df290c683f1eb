import json
import math
from typing import Any

import pytest

from connect.clients.connection_detail import read_detail
from tenants.http.answers import parse_body
from tenants.http.cleaning import MAX_COUNT, MAX_TEXT, clean, clean_text
from tenants.http.errors import Permanent
from tenants.http.json_object import JsonObject


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Söhne 🎉", "Söhne 🎉"),
        ("a\0b", "a�b"),
        ("half \ud800 a pair", "half � a pair"),
        ("x" * (MAX_TEXT + 1), "x" * MAX_TEXT),
        ({"a\0": ["\udfff", 1, True, None]}, {"a�": ["�", 1, True, None]}),
        ([math.nan, math.inf, -math.inf, 1.5], [None, None, None, 1.5]),
    ],
)
def test_only_what_postgres_cannot_store_is_replaced(sent: Any, kept: Any) -> None:
    assert clean(sent) == kept


def test_the_body_of_an_answer_is_clean() -> None:
    body = json.dumps({"state": "I\0DLE", "n": math.nan, "half": "\ud800"}).encode()
    assert parse_body(body, "application/json") == ({"state": "I�DLE", "n": None, "half": "�"}, "")


def test_the_words_of_an_error_are_clean() -> None:
    assert Permanent("Heroku", 400, "no \0 \ud800 luck").message == "no � � luck"
    assert clean_text("abc", 2) == "ab"


def read(**fields: Any) -> JsonObject:
    return JsonObject(fields, lambda what: LookupError(what))


def test_words_are_cut_to_their_column_and_identifiers_are_refused() -> None:
    assert read(state="x" * 99).string("state", 40) == "x" * 40
    assert read(id="x" * 60).identifier("id") == "x" * 60
    for odd in ("x" * 61, ".", ".."):
        with pytest.raises(LookupError, match="a usable id"):
            read(id=odd).identifier("id")
    for absent in ("", None, 10**99):
        with pytest.raises(LookupError, match="id"):
            read(id=absent).identifier("id")


@pytest.mark.parametrize("huge", [MAX_COUNT + 1, -MAX_COUNT - 1, 2**63, 10**400])
def test_a_count_that_nobody_can_add_up_counts_as_missing(huge: int) -> None:
    assert read(n=huge).integer_or_none("n") is None
    assert read(n=huge).string_or_blank("n") == ""


def test_an_odd_connection_can_be_stored() -> None:
    odd = {"id": "c1", "state": "S" * 500, "mappings": []}
    detail = read_detail(
        read(**odd, sf_info={"username": "u" * 999, "api_version": "9" * 99}), True
    )
    assert (len(detail.state), len(detail.username), len(detail.api_version)) == (40, 255, 10)
