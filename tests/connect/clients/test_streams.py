"""Long lists are read one element at a time, whatever they are made of and however they end."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.clients import streams

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
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
def test_what_is_cut_off_or_no_such_document_is_said_so(text: str) -> None:
    with pytest.raises(streams.BadStream):
        read(text)


def test_memory_does_not_grow_with_the_list() -> None:
    def peak(count: int) -> int:
        file = io.BytesIO(json.dumps({"results": [{"x": "y" * 1000}] * count}).encode())
        tracemalloc.start()
        assert sum(1 for _ in streams.elements(file, "results")) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(5000) < 1.5 * peak(500)
