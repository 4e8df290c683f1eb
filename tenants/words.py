"""Finding rows by the beginnings of the words in them, with an index, in plain Postgres."""

import re
from typing import Any

from django.db.models import BooleanField, F, Func, Value

# Postgres keeps an address or a path in one piece; here each part of it is a word.
_MARKS = "@.-_/+&"


class Words(Func):
    """The words of some columns, without regard to case or language. Index it with GIN."""

    template = (
        f"to_tsvector('simple', translate(%(expressions)s, '{_MARKS}', '{' ' * len(_MARKS)}'))"
    )
    arg_joiner = " || ' ' || "


class Beginnings(Func):
    """A query for words that begin with each of the words that somebody typed."""

    template = "to_tsquery('simple', %(expressions)s)"


class Matches(Func):
    """Whether some words match a query."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field: Any = BooleanField()


def match(columns: tuple[str, ...], typed: str) -> Matches | None:
    """Return the condition that each word typed begins a word of the columns; None for no word."""
    words = re.findall(r"[^\W_]+", typed)
    if not words:
        return None
    query = " & ".join(f"{word}:*" for word in words)
    return Matches(Words(*map(F, columns)), Beginnings(Value(query)))
