"""Reading a mapping document that somebody hands over: an export, or whatever they took for one."""

import json
from typing import Any

MOST_BYTES = 2 * 1024 * 1024  # 100 mappings of 800 fields take about 1.5 MB
DEEPEST = 12  # levels; an export has six
KEPT = (
    "access",
    "sf_notify_enabled",
    "sf_polling_seconds",
    "sf_max_daily_api_calls",
    "fields",
    "indexes",
    "upsert_field",
)
Document = dict[str, Any]


class BadUpload(ValueError):
    """It is not a mapping document. The text says what is wrong, for whoever sent it."""


def read(data: bytes) -> Document:
    """Return the mappings of an export document, without what belongs to one org alone.

    Raises BadUpload. Whether the mappings make sense is connect.mappings.lint's question.
    """
    if len(data) > MOST_BYTES:
        raise BadUpload(too_large(len(data)))
    document = _parse(data)
    if not isinstance(document, dict):
        raise BadUpload(f"It must be one JSON object, and is {_kind(document)}.")
    return tidy(document)


def too_large(size: int) -> str:
    """Say of so many bytes that they are too many."""
    most = MOST_BYTES // 1024**2
    return f"It has {size / 1024**2:.1f} MB; a mapping document has {most} MB at the most."


def tidy(document: Document) -> Document:
    """Return a document's mappings with the keys that Heroku Connect takes. Raises BadUpload."""
    mappings = document.get("mappings")
    if not isinstance(mappings, list):
        raise BadUpload(f"Its “mappings” must be a list, and is {_kind(mappings)}.")
    return {"version": 1, "mappings": [_mapping(n, each) for n, each in enumerate(mappings, 1)]}


def _parse(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadUpload(f"It is not text in UTF-8: byte {error.start} is none.") from None
    if not text.strip():
        raise BadUpload("It is empty.")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadUpload(
            f"It is not JSON: {error.msg}, line {error.lineno} column {error.colno}."
        ) from None
    except RecursionError:
        raise BadUpload(_TOO_DEEP) from None
    except BadUpload:
        raise
    except ValueError:  # Python refuses numbers of more than 4,300 digits
        raise BadUpload("It holds a number that is far too long.") from None
    _check(document, DEEPEST)
    return document


_TOO_DEEP = f"It is nested more than {DEEPEST} levels deep; an export has six."


def _no_constant(word: str) -> None:
    raise BadUpload(f"It is not JSON: {word} is no number there.")


def _check(part: Any, levels: int) -> None:
    """Raise BadUpload for nesting without end, and for text that Postgres cannot hold."""
    if levels == 0:
        raise BadUpload(_TOO_DEEP)
    if isinstance(part, str):
        _check_text(part)
    elif isinstance(part, list):
        for each in part:
            _check(each, levels - 1)
    elif isinstance(part, dict):
        for key, value in part.items():
            _check_text(key)
            _check(value, levels - 1)


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadUpload("It holds a NUL character or half of a character pair (\\u0000, \\ud800).")


def _mapping(number: int, mapping: Any) -> Document:
    where = f"Mapping {number}"
    if not isinstance(mapping, dict):
        raise BadUpload(f"{where} must be an object, and is {_kind(mapping)}.")
    name, config = mapping.get("object_name"), mapping.get("config")
    if not isinstance(name, str) or not name:
        raise BadUpload(f"{where} has no “object_name” that is a text.")
    if not isinstance(config, dict):
        raise BadUpload(f"{name}: its “config” must be an object, and is {_kind(config)}.")
    for key in ("fields", "indexes"):
        if key in config and not isinstance(config[key], dict):
            raise BadUpload(f"{name}: its “{key}” must be an object, and is {_kind(config[key])}.")
    for field, index in config.get("indexes", {}).items():
        if not isinstance(index, dict):
            raise BadUpload(f"{name}: its index on {field} must be an object.")
    return {"object_name": name, "config": {key: config[key] for key in KEPT if key in config}}


def _kind(value: Any) -> str:
    names = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}
    if value is None:
        return "missing"
    return names.get(type(value), "a number")
