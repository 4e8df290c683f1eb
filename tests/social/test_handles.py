"""Handles: what people type is cleaned or refused with a reason, and queries are full."""

import re
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from social import handles


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("acme", "acme"),
        ("@Acme", "acme"),
        ("  @ACME_1 \n", "acme_1"),
        ("https://twitter.com/Acme", "acme"),
        ("https://x.com/acme?lang=en", "acme"),
        ("http://www.twitter.com/@acme/", "acme"),
        ("mobile.twitter.com/acme", "acme"),
        ("x.com/acme/status/12345", "acme"),
        ("//x.com/acme", "acme"),
        ("https://twitter.com/#!/acme", "acme"),
        ("\u200eacme\u200f", "acme"),
        ("\ufeff@acme", "acme"),
        ("x" * 15, "x" * 15),
        ("or", "or"),
        ("_", "_"),
    ],
)
def test_a_handle_is_stripped_of_its_decoration(raw: str, clean: str) -> None:
    assert handles.clean(raw) == clean


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "empty"),
        ("@", "empty"),
        (" \u200b ", "empty"),
        ("x" * 16, "longer than 15"),
        ("acme, borealis", "more than one word"),
        ("acme OR from:elonmusk", "more than one word"),
        ("acme) OR (from:x", "more than one word"),
        ("acme;borealis", "more than one word"),
        ("from:acme", "letters, digits and underscores"),
        ("-acme", "letters, digits and underscores"),
        ('ac"me', "letters, digits and underscores"),
        ("ac'me", "letters, digits and underscores"),
        ("acme.", "letters, digits and underscores"),
        ("ac\u202eme", "letters, digits and underscores"),
        ("аcme", "letters, digits and underscores"),  # a Cyrillic а
        ("acme٣", "letters, digits and underscores"),
        ("@@acme", "letters, digits and underscores"),
        ("'; DROP TABLE account; --", "more than one word"),
        ("https://facebook.com/acme", "a link to facebook.com"),
        ("www.acme.example/", "a link to www.acme.example"),
        ("https://x.com.evil.example/acme", "a link to x.com.evil.example"),
        ("https://twitter.com/", "not to a profile"),
        ("https://x.com/search?q=acme", "not to a profile"),
        ("https://x.com/i/flow/login", "not to a profile"),
        ("https://[x", "not a readable link"),
        ("https://x.com/ac%20me", "letters, digits and underscores"),
    ],
)
def test_what_is_no_handle_is_refused_with_a_reason(raw: str, why: str) -> None:
    with pytest.raises(handles.BadHandle, match=re.escape(why)):
        handles.clean(raw)


@given(st.text(max_size=60))
def test_nothing_but_a_handle_ever_gets_into_a_query(raw: str) -> None:
    with suppress(handles.BadHandle):
        clean = handles.clean(raw)
        assert re.fullmatch("[a-z0-9_]{1,15}", clean)
        assert handles.clean(clean) == clean


@given(st.lists(st.from_regex("[a-z0-9_]{1,15}", fullmatch=True), max_size=120), st.just(512))
def test_every_handle_is_in_one_query_of_legal_length(names: list[str], longest: int) -> None:
    batches = list(handles.batches(names, longest))
    assert [name for batch in batches for name in batch] == names
    assert all(len(handles.query(batch)) <= longest for batch in batches)
    for batch, following in pairwise(batches):
        assert len(handles.query([*batch, following[0]])) > longest


def test_the_longest_handles_go_twenty_to_a_query() -> None:
    batches = list(handles.batches([f"handle_{number:08d}" for number in range(100)], 512))
    assert [len(batch) for batch in batches] == [20] * 5


def test_a_query_asks_for_own_posts_and_no_retweets() -> None:
    assert handles.query(["acme", "or"]) == "(from:acme OR from:or) -is:retweet"
