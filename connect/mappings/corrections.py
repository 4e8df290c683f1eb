"""Making a mapping document fit an org that has changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from connect.mappings import edits, placeholders
from connect.mappings.documents import MappingDocument
from connect.mappings.org_changes import OrgChange, OrgChangeKind

_ALONG = ("fields", "indexes")
# Only a field that is added gets a column of its new type, so a retyped one goes first.
_GOES = (OrgChangeKind.FIELD_GONE, OrgChangeKind.RETYPED)


def corrected(
    document: MappingDocument, changes: Iterable[OrgChange], namespace: str = ""
) -> MappingDocument:
    """Return a document that follows the changes of one org.

    A version holds {ns} where the org's names have `namespace`; it keeps its placeholders.
    """
    wanted = [each for each in changes if each.is_fault]
    mappings = []
    for mapping in document["mappings"]:
        name = placeholders.in_org(str(mapping["object_name"]), namespace).lower()
        mine = [each for each in wanted if each.object_name.lower() == name]
        if any(each.kind is OrgChangeKind.OBJECT_GONE for each in mine):
            continue
        mappings.append({**mapping, "config": _config(mapping["config"], mine, namespace)})
    return {**document, "mappings": mappings}


def _config(config: dict[str, Any], changes: Sequence[OrgChange], namespace: str) -> dict[str, Any]:
    gone = {each.field.lower() for each in changes if each.kind in _GOES}
    names = {
        each.field.lower(): placeholders.in_version(each.after, namespace)
        for each in changes
        if each.kind is OrgChangeKind.RENAMED
    }
    renamed = _renamed(config, names, namespace)
    kept = {
        name: value
        for name, value in renamed["fields"].items()
        if placeholders.in_org(name, namespace).lower() not in gone
    }
    added = [each.field for each in changes if each.kind is OrgChangeKind.REQUIRED]
    fields = kept | {placeholders.in_version(name, namespace): {} for name in added}
    # An index, and the identifier, go with their fields.
    return edits.edited(renamed, {"fields": fields}) if changes else config


def _renamed(config: dict[str, Any], names: dict[str, str], namespace: str) -> dict[str, Any]:
    def new(name: str) -> str:
        return names.get(placeholders.in_org(name, namespace).lower(), name)

    along = {
        key: {new(name): value for name, value in config[key].items()}
        for key in _ALONG
        if key in config
    }
    identifier = config.get("upsert_field")
    return {**config, **along, **({"upsert_field": new(identifier)} if identifier else {})}
