"""Full-text search by the beginnings of words, with a Postgres index."""

import re
from typing import Any

from django.contrib.postgres.search import (
    SearchQuery,
    SearchVectorExact,
    SearchVectorField,
)
from django.db.models import F, Func

# Postgres indexes an address or a path as one word; here each part is a word.
_MARKS = "@.-_/+&"
_WORD = re.compile(r"[^\W_]+")


class Words(Func):
    """The words of some columns, without regard to case or language. Index it with GIN.

    Not Django's SearchVector: that one cannot split at the marks, and the index in the database has
    exactly this expression.
    """

    template = (
        f"to_tsvector('simple', translate(%(expressions)s, '{_MARKS}', '{' ' * len(_MARKS)}'))"
    )
    arg_joiner = " || ' ' || "
    output_field: Any = SearchVectorField()


def match(columns: tuple[str, ...], typed: str) -> SearchVectorExact | None:
    """Return the condition that each typed word begins a word in the columns; None for no word."""
    found = _WORD.findall(typed)
    if not found:
        return None
    query = " & ".join(f"{word}:*" for word in found)
    return SearchVectorExact(
        Words(*map(F, columns)), SearchQuery(query, config="simple", search_type="raw")
    )
