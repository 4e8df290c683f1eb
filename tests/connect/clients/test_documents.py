"""Reading a peer's JSON without trusting its shape."""

from typing import Any

import pytest

from connect.clients.documents import Document


class Missing(Exception):
    """What a document raises in these tests."""


def read(value: Any) -> Document:
    return Document(value, Missing)


def test_what_is_there_is_read() -> None:
    document = read(
        {"id": 7, "name": "a", "left": 3, "plan": {"name": "demo"}, "rows": [{"a": "b"}]}
    )
    assert document.text("id") == "7"
    assert document.text("name") == "a"
    assert document.number("left") == 3
    assert document.child("plan").text("name") == "demo"
    assert [row.text("a") for row in document.children("rows")] == ["b"]


@pytest.mark.parametrize("value", [None, [], "text", 7, True])
def test_anything_but_an_object_is_refused(value: Any) -> None:
    with pytest.raises(Missing, match="an object"):
        read(value)


@pytest.mark.parametrize("value", [{}, {"key": None}, {"key": True}, {"key": ["a"]}, {"key": ""}])
def test_a_missing_or_wrong_value_is_named(value: dict[str, Any]) -> None:
    document = read({"outer": value}).child("outer")
    for reading in (document.text, document.number, document.child):
        with pytest.raises(Missing, match=r"^outer\.key$"):
            reading("key")


@pytest.mark.parametrize("value", [{}, {"key": None}, {"key": True}, {"key": 1.5}])
def test_what_may_be_missing_reads_as_nothing(value: dict[str, Any]) -> None:
    document = read(value)
    assert document.text_or_blank("key") == ""
    assert document.number_or_none("key") is None
    assert document.child_or_empty("key").raw == {}


@pytest.mark.parametrize("rows", [None, {}, "a", [{"id": "1"}, "not an object"]])
def test_a_list_that_is_no_list_of_objects_is_refused(rows: Any) -> None:
    with pytest.raises(Missing, match="rows"):
        read({"rows": rows}).children("rows")
