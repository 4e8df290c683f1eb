"""The text form of PostgreSQL's hstore, which the trigger log uses for rows.

Keys and values are in double quotes, with a backslash before a quote or a backslash; NULL has no
quotes: "name"=>"x", "sfid"=>NULL. It needs no hstore extension.
"""

import re
from collections.abc import Mapping

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"{_QUOTED}=>(?:NULL|{_QUOTED})(?:, |$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r'(["\\])')


def parse(text: str) -> dict[str, str | None]:
    """Read hstore text as PostgreSQL prints it; raises ValueError for anything else."""
    pairs: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            raise ValueError(f"not hstore text from character {position} on")
        key, value = pair.groups()
        pairs[_unescape(key)] = None if value is None else _unescape(value)
        position = pair.end()
    return pairs


def dump(pairs: Mapping[str, str | None]) -> str:
    """Write hstore text, the pairs in PostgreSQL's order: shorter keys first, then by bytes."""
    ordered = sorted(pairs, key=lambda key: (len(key.encode()), key.encode()))
    return ", ".join(f"{_quote(key)}=>{_quote(pairs[key])}" for key in ordered)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _quote(text: str | None) -> str:
    return "NULL" if text is None else '"' + _SPECIAL.sub(r"\\\1", text) + '"'
