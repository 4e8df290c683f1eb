"""Reading JSON that somebody else wrote."""

import pytest

from tenants import strict_json


def test_json_is_read() -> None:
    assert strict_json.load('{"a": [1, "b", null, true, 1.5]}') == {"a": [1, "b", None, True, 1.5]}
    assert strict_json.load("[]") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "malformed at line 1, column 1"),
        ('{\n"a": 1,}', "malformed at line 2"),
        ('{"name": "Acme "West""}', "Is there an unescaped quote"),
        ("NaN", "NaN is not valid JSON"),
        ("[-Infinity]", "-Infinity is not valid JSON"),
        ('{"a": {"b": 1, "b": 2}}', "'b' is given twice"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5_000, "cannot be read"),
    ],
)
def test_what_no_other_reader_would_accept_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(strict_json.BadJson, match=why):
        strict_json.load(text)
