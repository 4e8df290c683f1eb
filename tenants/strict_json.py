"""Reading JSON from outside: only what the standard allows, and each name once.

Python's own reader keeps the last of two equal names and accepts NaN and Infinity, which Postgres
and other readers refuse. Source: RFC 8259.
"""

import json
from typing import Any, NoReturn

from tenants.json_depth import is_too_deep


class BadJson(ValueError):
    """The text is not JSON. The message is a sentence for its author, with line and column."""


def load(text: str) -> Any:
    """Return what a JSON text holds. Raises BadJson."""
    if is_too_deep(text):
        raise BadJson("The JSON is nested too deeply.")
    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadJson(_locate(error)) from None
    except BadJson:
        raise
    except ValueError as error:  # for example a number with more digits than Python reads
        raise BadJson(f"The JSON cannot be read: {error}.") from None


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return name and value pairs as a dict. Raises BadJson when a name comes twice."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise BadJson(f"{repeated[:40]!a} is given twice.")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not valid JSON.")


def _locate(error: json.JSONDecodeError) -> str:
    where = f"line {error.lineno}, column {error.colno}"
    text = f"The JSON is malformed at {where} (character {error.pos}): {error.msg}."
    if "delimiter" in error.msg:
        # A sender that concatenates strings produces this for an org with the name: Acme "West"
        text += ' Is there an unescaped quote in a value? Inside a value, write \\" for ".'
    return text
