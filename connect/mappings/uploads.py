"""Reading an uploaded mapping document without trusting it."""

from collections.abc import Iterator
from typing import Any

from connect.mappings.documents import MappingDocument
from tenants import strict_json

MAX_BYTES = 2 * 1024 * 1024  # 100 mappings of 800 fields take about 1.5 MB
MAX_DEPTH = 12  # levels; an export has six
_NAMES = {
    str: "a text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "a number",
    float: "a number",
}
# The rest, such as revision and applied_at, belongs to the org that was exported.
KEPT_KEYS = (
    "access",
    "sf_notify_enabled",
    "sf_polling_seconds",
    "sf_max_daily_api_calls",
    "fields",
    "indexes",
    "upsert_field",
)
_KINDS: dict[str, type] = {  # of the values that the linter does not judge
    "sf_notify_enabled": bool,
    "sf_max_daily_api_calls": int,
    "upsert_field": str,
}
_TOO_DEEP = f"It is nested more than {MAX_DEPTH} levels deep; an export has six."


class BadUpload(ValueError):
    """The upload is not a mapping document. The text tells the user what is wrong."""


def read(data: bytes) -> MappingDocument:
    """Return the mappings of an export document, without values that belong to one org.

    Raises BadUpload. Whether the mappings make sense is connect.mappings.lint's question.
    """
    if len(data) > MAX_BYTES:
        raise BadUpload(too_large(len(data)))
    document = _parse(data)
    if not isinstance(document, dict):
        raise BadUpload(f"It must be one JSON object, and is {_kind(document)}.")
    return tidy(document)


def too_large(size: int) -> str:
    """Return the error text for a document of this size."""
    limit = MAX_BYTES // 1024**2
    return f"It has {size / 1024**2:.1f} MB; the maximum is {limit} MB."


def tidy(document: MappingDocument) -> MappingDocument:
    """Return a document's mappings with the keys that Heroku Connect takes. Raises BadUpload."""
    mappings = document.get("mappings")
    if not isinstance(mappings, list):
        raise BadUpload(f"Its “mappings” must be a list, and is {_kind(mappings)}.")
    return {"version": 1, "mappings": [_mapping(n, each) for n, each in enumerate(mappings, 1)]}


def text_of(data: bytes) -> str:
    """Return the text of a file. Raises BadUpload."""
    try:
        # Editors on Windows write a byte-order mark, which JSON does not allow.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadUpload(
            f"It is not text in UTF-8: byte {error.start} is invalid. Save it as UTF-8."
        ) from None


def _parse(data: bytes) -> Any:
    text = text_of(data)
    if not text.strip():
        raise BadUpload("It is empty.")
    try:
        document = strict_json.load(text)
    except strict_json.BadJson as error:
        raise BadUpload(str(error)) from None
    _check(document, MAX_DEPTH)
    return document


def _check(part: Any, levels: int) -> None:
    """Raise BadUpload for nesting that is too deep, and for text that Postgres cannot store."""
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
    # Postgres refuses both in jsonb, and only when the row is written.
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadUpload("It holds a NUL character or half of a character pair (\\u0000, \\ud800).")


def _mapping(number: int, mapping: Any) -> MappingDocument:
    where = f"Mapping {number}"
    if not isinstance(mapping, dict):
        raise BadUpload(f"{where} must be an object, and is {_kind(mapping)}.")
    name, config = mapping.get("object_name"), mapping.get("config")
    if not isinstance(name, str) or not name:
        raise BadUpload(f"{where} has no string “object_name”.")
    if not isinstance(config, dict):
        raise BadUpload(f"{name}: its “config” must be an object, and is {_kind(config)}.")
    for fault in _faults(config):
        raise BadUpload(f"{name}: its {fault}.")
    return {"object_name": name, "config": {key: config[key] for key in KEPT_KEYS if key in config}}


def _faults(config: MappingDocument) -> Iterator[str]:
    for key in ("fields", "indexes"):
        if key in config and not isinstance(config[key], dict):
            yield f"“{key}” must be an object, and is {_kind(config[key])}"
    for field, value in config.get("fields", {}).items():
        if not isinstance(value, dict):
            yield f"field {field} must be an object, {{}}, and is {_kind(value)}"
    for field, index in config.get("indexes", {}).items():
        if not isinstance(index, dict):
            yield f"index on {field} must be an object"
        elif type(index.get("unique", False)) is not bool:
            yield f"index on {field} must have “unique” as true or false"
    for key, wanted in _KINDS.items():
        # type(), because True is an int.
        if config.get(key) is not None and type(config[key]) is not wanted:
            yield f"“{key}” must be {_NAMES[wanted]}, and is {_kind(config[key])}"


def _kind(value: Any) -> str:
    return "missing" if value is None else _NAMES.get(type(value), "a number")
