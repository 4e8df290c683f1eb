"""The depth of JSON is counted."""

import time

import pytest

from tenants.json_depth import MAX_DEPTH, is_too_deep


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "[" + "[]," * 1000 + "[]]",
        '"' + "[" * 1000 + '"',
        '["\\"' + "[" * 1000 + '"]',
        '"' + "[" * 1000,
    ],
)
def test_ordinary_json_and_brackets_in_strings_pass(text: str) -> None:
    assert not is_too_deep(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * (MAX_DEPTH + 1),
        '{"a":' * (MAX_DEPTH + 1),
        '["\\\\"' + "," + "[" * MAX_DEPTH,
        "[" * 100_000 + "]" * 100_000,
    ],
)
def test_deep_json_is_seen_without_parsing_it(text: str) -> None:
    assert is_too_deep(text)


@pytest.mark.parametrize("text", ['"a",' * 1_000_000, "[]," * 1_000_000, '"\\' * 1_000_000])
def test_the_time_grows_with_the_length_only(text: str) -> None:
    began = time.process_time()
    assert not is_too_deep(text)
    assert time.process_time() - began < 5
