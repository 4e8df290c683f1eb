"""Whether an import has arrived: comparing a document with the live mappings."""

from collections.abc import Iterable
from typing import Any

from connect.clients.connection_detail import MappingDetail
from connect.mappings import diff
from connect.mappings.changes import ChangeKind
from connect.mappings.documents import MappingDocument


def live_document(found: Iterable[MappingDetail]) -> MappingDocument:
    """Return a connection's live mappings as a document."""
    return {
        "version": 1,
        "mappings": [{"object_name": each.object_name, "config": each.config} for each in found],
    }


def contains_all_fields(document: MappingDocument, found: Iterable[MappingDetail]) -> bool:
    """Return whether every mapping of the document exists with all its fields.

    Heroku Connect starts an import some seconds after it answers, so only the mappings prove it.
    """
    there = {mapping.object_name.lower(): _field_names(mapping.config) for mapping in found}
    return all(
        _field_names(wanted["config"]) <= there.get(wanted["object_name"].lower(), set())
        for wanted in document["mappings"]
    )


def matches(document: MappingDocument, found: Iterable[MappingDetail]) -> bool:
    """Return whether every mapping of the document exists unchanged; others are ignored."""
    changes = diff.compare(live_document(found), document)
    # An import merges: it never deletes what the document leaves out.
    return all(change.kind == ChangeKind.OBJECT_REMOVED for change in changes)


def revisions(found: Iterable[MappingDetail]) -> dict[str, Any]:
    """Return each mapping's revision by its lower-case object name."""
    return {each.object_name.lower(): each.config.get("revision") for each in found}


def has_arrived(
    document: MappingDocument, found: tuple[MappingDetail, ...], before: dict[str, Any]
) -> bool:
    """Return whether an import arrived; `before` holds the revisions before it was sent.

    Either everything matches, or the mappings that differ have a new revision: Heroku Connect may
    adjust a setting, for example a polling interval.
    """
    if matches(document, found):
        return True
    differing = {
        change.object_name.lower()
        for change in diff.compare(live_document(found), document)
        if change.kind != ChangeKind.OBJECT_REMOVED
    }
    now = revisions(found)
    # A mapping without a revision proves nothing, so None does not count as a new one.
    moved = all(now.get(name) not in (None, before.get(name)) for name in differing)
    return moved and contains_all_fields(document, found)


def _field_names(config: dict[str, Any]) -> set[str]:
    return {name.lower() for name in config.get("fields", {})}
