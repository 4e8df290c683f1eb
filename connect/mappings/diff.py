"""The differences between two mapping documents, and the cost of each change.

Documents are compared as Heroku Connect reads them: names are case-insensitive, missing settings
have their defaults, and the indexes of every table are ignored.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from connect.mappings.changes import Change, ChangeKind
from connect.mappings.documents import MappingDocument

DEFAULTS: dict[str, Any] = {
    "access": "read_only",
    "sf_notify_enabled": False,
    "sf_polling_seconds": 600,
    "sf_max_daily_api_calls": 30_000,
    "upsert_field": None,
}
# Heroku Connect makes these for every table.
_ALWAYS_INDEXED = {"id", "systemmodstamp"}


def compare(left: MappingDocument, right: MappingDocument) -> list[Change]:
    """Return every change that leads from the left document to the right one, by object."""
    return list(_compare(canonical(left), canonical(right)))


def canonical(document: MappingDocument) -> dict[str, MappingDocument]:
    """Return each object's settings, fields and indexes by their lower-case names."""
    return {
        str(each["object_name"]).lower(): canonical_mapping(
            str(each["object_name"]), each["config"]
        )
        for each in document["mappings"]
    }


def canonical_mapping(name: str, config: Mapping[str, Any]) -> MappingDocument:
    """Return one object's settings, fields and indexes by their lower-case names."""
    return {
        "name": name,
        "settings": {key: config.get(key, default) for key, default in DEFAULTS.items()},
        "fields": {field.lower(): field for field in config.get("fields", {})},
        "indexes": {
            field.lower(): (field, bool(index.get("unique")))
            for field, index in config.get("indexes", {}).items()
            if field.lower() not in _ALWAYS_INDEXED
        },
    }


def as_mapping(mapping: MappingDocument) -> MappingDocument:
    """Return an object in canonical form as a mapping of a document."""
    indexes = {field: {"unique": unique} for field, unique in mapping["indexes"].values()}
    config = {
        **mapping["settings"],
        "fields": {field: {} for field in mapping["fields"].values()},
        "indexes": indexes,
    }
    return {"object_name": mapping["name"], "config": config}


def _compare(
    left: dict[str, MappingDocument], right: dict[str, MappingDocument]
) -> Iterator[Change]:
    for key in sorted(left.keys() | right.keys()):
        if key not in right:
            gone = as_mapping(left[key])
            yield Change(ChangeKind.OBJECT_REMOVED, gone["object_name"], "", gone["config"], None)
        elif key not in left:
            new = as_mapping(right[key])
            yield Change(ChangeKind.OBJECT_ADDED, new["object_name"], "", None, new["config"])
        else:
            yield from _compare_object(left[key], right[key])


def _compare_object(left: MappingDocument, right: MappingDocument) -> Iterator[Change]:
    name = right["name"]
    for key, before in left["settings"].items():
        after = right["settings"][key]
        if not _same_value(before, after):
            yield Change(ChangeKind.SETTING, name, key, before, after)
    for key in sorted(left["fields"].keys() | right["fields"].keys()):
        if key not in right["fields"]:
            yield Change(ChangeKind.FIELD_REMOVED, name, left["fields"][key], True, None)
        elif key not in left["fields"]:
            yield Change(ChangeKind.FIELD_ADDED, name, right["fields"][key], None, True)
    for key in sorted(left["indexes"].keys() | right["indexes"].keys()):
        had, has = (side["indexes"].get(key, ("", None)) for side in (left, right))
        if had[1] != has[1]:
            yield Change(ChangeKind.INDEX, name, has[0] or had[0], had[1], has[1])


def _same_value(before: Any, after: Any) -> bool:
    # True == 1 in Python, so the types are compared too. Field names are case-insensitive.
    if isinstance(before, str) and isinstance(after, str):
        return before.lower() == after.lower()
    return type(before) is type(after) and bool(before == after)
