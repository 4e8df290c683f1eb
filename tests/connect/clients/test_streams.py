"""Long lists are read one element at a time; broken and hostile documents raise BadStream."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.clients import streams

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**63, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(text: str, key: str = "results") -> list[Any]:
    return list(streams.elements(io.BytesIO(text.encode()), key))


@given(st.lists(JSON, max_size=6), st.dictionaries(st.text(), JSON, max_size=3), st.booleans())
def test_the_elements_are_those_of_the_document(
    elements: list[Any], others: dict[str, Any], indented: bool
) -> None:
    others.pop("results", None)
    document = {**others, "results": elements, "after": 1}
    assert read(json.dumps(document, indent=2 if indented else None)) == elements


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_elements_may_lie_across_the_borders_of_chunks(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHUNK", size)
    document = {"count": 1234, "results": [{"name": "Söhne 🎉"}, 5678, [], "x"], "next": None}
    assert read(json.dumps(document, ensure_ascii=False)) == document["results"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "<html>",
        "{",
        '{"results": [1, 2',
        '{"results": [1 2]}',
        '{"other": []}',
        '{"a" 1}',
    ],
)
def test_incomplete_and_invalid_documents_raise(text: str) -> None:
    with pytest.raises(streams.BadStream):
        read(text)


@pytest.mark.parametrize(
    "element",
    [
        "9" * 5000,
        "-" + "9" * 5000,
        str(2**63),
        "1e400",
        "1e999999999999999999999",
        "NaN",
        "Infinity",
        "[" * 51 + "]" * 51,
        "[" * 1_000_000,
        '{"a":' * 1_000_000,
        "01",
        '"\n"',
        '"\\ud8"',
        "nul",
    ],
    ids=lambda element: element[:12],
)
def test_hostile_elements_raise(element: str) -> None:
    with pytest.raises(streams.BadStream):
        read(f'{{"results": [{element}]}}')


def test_bytes_that_are_not_utf_8_raise() -> None:
    with pytest.raises(streams.BadStream):
        list(streams.elements(io.BytesIO(b'{"results": ["\xff"]}'), "results"))


def test_nesting_before_the_list_is_limited_too() -> None:
    with pytest.raises(streams.BadStream, match="more than 50 levels"):
        read(f'{{"other": {"[" * 100_000}')


def test_odd_but_valid_elements_are_read() -> None:
    assert read('{"results": [{"a": 1, "a": 2}, "\\u0000", "\\ud800"]}') == [{"a": 2}, "\0", "?"]


def test_a_list_elsewhere_in_the_document_is_not_taken() -> None:
    assert read('{"a": {"results": [1]}, "results.item": 2, "results": [3]}') == [3]
    with pytest.raises(streams.BadStream, match="without the list"):
        read('{"results": {"item": [1]}}')


def test_memory_does_not_grow_with_the_list() -> None:
    def peak(count: int) -> int:
        file = io.BytesIO(json.dumps({"results": [{"x": "y" * 1000}] * count}).encode())
        tracemalloc.start()
        assert sum(1 for _ in streams.elements(file, "results")) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(5000) < 1.5 * peak(500)
