"""Reading the text of Postgres' hstore, in which the trigger log keeps a row's values.

A schema with merged writes has no hstore extension, so Postgres cannot always read it for us.
"""

import re

Values = dict[str, str | None]

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"{_QUOTED}=>(?:{_QUOTED}|NULL)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> Values:
    """Return the values by column; None stands for NULL. '"name"=>"x"' becomes {"name": "x"}."""
    return {
        _plain(name): None if value is None else _plain(value)
        for name, value in (match.groups() for match in _PAIR.finditer(text))
    }


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
