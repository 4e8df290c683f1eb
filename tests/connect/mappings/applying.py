"""Making changes to a mapping document, to show that a difference is complete."""

from collections.abc import Iterable
from typing import Any

from connect.mappings import diff
from connect.mappings.changes import Change, ChangeKind


def apply(document: dict[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """Return the document with the changes made, in canonical form."""
    objects = diff.canonical(document)
    for change in changes:
        key = change.object_name.lower()
        if change.kind == ChangeKind.OBJECT_REMOVED:
            del objects[key]
        elif change.kind == ChangeKind.OBJECT_ADDED:
            objects[key] = diff.canonical_mapping(change.object_name, change.after)
        else:
            _change(objects[key], change)
    return {
        "version": 1,
        "mappings": [diff.as_mapping(each) for _, each in sorted(objects.items())],
    }


def _change(mapping: dict[str, Any], change: Change) -> None:
    key = change.name.lower()
    match change.kind:
        case ChangeKind.SETTING:
            mapping["settings"][change.name] = change.after
        case ChangeKind.FIELD_ADDED:
            mapping["fields"][key] = change.name
        case ChangeKind.FIELD_REMOVED:
            del mapping["fields"][key]
        case ChangeKind.INDEX if change.after is None:
            del mapping["indexes"][key]
        case ChangeKind.INDEX:
            mapping["indexes"][key] = (change.name, change.after)
