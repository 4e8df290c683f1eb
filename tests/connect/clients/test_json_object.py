"""Reading a peer's JSON without trusting its shape."""

from typing import Any

import pytest

from tenants.http.json_object import JsonObject


class Missing(Exception):
    """What a document raises in these tests."""


def read(value: Any) -> JsonObject:
    return JsonObject(value, Missing)


def test_present_values_are_read() -> None:
    document = read(
        {"id": 7, "name": "a", "left": 3, "plan": {"name": "demo"}, "rows": [{"a": "b"}]}
    )
    assert document.string("id") == "7"
    assert document.string("name") == "a"
    assert document.integer_or_none("left") == 3
    assert document.object_or_empty("plan").string("name") == "demo"
    assert [row.string("a") for row in document.objects("rows")] == ["b"]


@pytest.mark.parametrize("value", [None, [], "text", 7, True])
def test_anything_but_an_object_is_refused(value: Any) -> None:
    with pytest.raises(Missing, match="an object"):
        read(value)


@pytest.mark.parametrize(
    "value", [{}, {"key": None}, {"key": True}, {"key": {"a": 1}}, {"key": ""}]
)
def test_a_missing_or_wrong_value_is_named(value: dict[str, Any]) -> None:
    document = read({"outer": value}).object_or_empty("outer")
    for reading in (document.string, document.identifier, document.objects):
        with pytest.raises(Missing, match=r"^outer\.key$"):
            reading("key")


@pytest.mark.parametrize("value", [{}, {"key": None}, {"key": True}, {"key": 1.5}])
def test_optional_values_have_defaults(value: dict[str, Any]) -> None:
    document = read(value)
    assert document.string_or_blank("key") == ""
    assert document.integer_or_none("key") is None
    assert document.object_or_empty("key").raw == {}


@pytest.mark.parametrize("rows", [None, {}, "a", [{"id": "1"}, "not an object"]])
def test_a_list_of_other_values_is_refused(rows: Any) -> None:
    with pytest.raises(Missing, match="rows"):
        read({"rows": rows}).objects("rows")
