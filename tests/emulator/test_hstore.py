"""hstore text, checked against PostgreSQL's own reading and writing of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.connect.sync import hstore
from emulator.connect.sync.session import PgConnection

# What PostgreSQL's text can hold: no NUL, no halves of surrogate pairs.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PAIRS = st.dictionaries(TEXTS, st.none() | TEXTS)


@given(PAIRS)
def test_what_is_written_reads_back_the_same(pairs: dict[str, str | None]) -> None:
    assert hstore.parse(hstore.dump(pairs)) == pairs


@given(PAIRS)
def test_postgres_reads_and_prints_our_text_unchanged(
    hstore_conn: PgConnection, pairs: dict[str, str | None]
) -> None:
    text = hstore.dump(pairs)
    printed = hstore_conn.execute("SELECT %s::public.hstore::text", [text]).fetchone()
    assert printed == (text,)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ('"name"=>"x", "sfid"=>NULL', {"name": "x", "sfid": None}),
        ('"a"=>"NULL"', {"a": "NULL"}),
        (r'"quote\"d"=>"back\\slash"', {'quote"d': "back\\slash"}),
        ('"a"=>"\'); DROP TABLE x; --"', {"a": "'); DROP TABLE x; --"}),
        ('"a"=>"1\n2, \\"b\\"=>\\"c\\""', {"a": '1\n2, "b"=>"c"'}),
        ('"name"=>"Söhne 🐘"', {"name": "Söhne 🐘"}),
    ],
)
def test_text_is_read_as_postgres_prints_it(text: str, pairs: dict[str, str | None]) -> None:
    assert hstore.parse(text) == pairs
    assert hstore.dump(pairs) == text


@pytest.mark.parametrize("text", ["a=>1", '"a"=>"1" "b"=>"2"', '"a"=>', '"a', '"a"=>"1", x'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not hstore text"):
        hstore.parse(text)
