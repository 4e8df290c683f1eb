"""Editing one object of a mapping version by the fields that an org has.

The version keeps its placeholders; names are shown as the org has them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from connect.clients.org_objects import FieldFacts, ObjectFacts
from connect.mappings import diff, placeholders
from connect.mappings.documents import MappingDocument
from connect.mappings.lint import UNSUPPORTED_TYPES, related

_ALWAYS = ("Id", "SystemModstamp", "CreatedDate", "IsDeleted", "Name")


@dataclass(frozen=True)
class FieldChoice:
    """One field that can be mapped, or that is and cannot; names are the org's."""

    name: str
    label: str
    type: str
    mapped: bool
    indexed: bool
    refusal: str = ""  # why it cannot be mapped
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What staff chose for one object; names are the org's."""

    access: str
    polling: int
    identifier: str
    fields: Collection[str]
    indexes: Collection[str]


def find(document: MappingDocument, name: str, namespace: str) -> MappingDocument | None:
    """Return the mapping of an object, by its name in the org."""
    wanted = name.lower()
    for mapping in document["mappings"]:
        if placeholders.in_org(str(mapping["object_name"]), namespace).lower() == wanted:
            found: MappingDocument = mapping
            return found
    return None


def with_object(document: MappingDocument, known: ObjectFacts, namespace: str) -> MappingDocument:
    """Return a document with a mapping of an object, if it has none yet."""
    if find(document, known.name, namespace):
        return document
    fields: dict[str, Any] = {name: {} for name in _ALWAYS if known.has(name)}
    settings = {key: value for key, value in diff.DEFAULTS.items() if value is not None}
    config = {**settings, "fields": fields, "indexes": {}}
    name = placeholders.in_version(known.name, namespace)
    added = {"object_name": name, "config": config}
    return {**document, "mappings": [*document["mappings"], added]}


def without_object(document: MappingDocument, name: str, namespace: str) -> MappingDocument:
    """Return a document without the mapping of an object."""
    gone = find(document, name, namespace)
    return {**document, "mappings": [each for each in document["mappings"] if each is not gone]}


def choices(config: dict[str, Any], known: ObjectFacts, namespace: str) -> list[FieldChoice]:
    """Return the fields of an object: the mapped ones first, then by name."""
    mapped = _names(config.get("fields", {}), namespace)
    indexed = _names(config.get("indexes", {}), namespace)
    ways = {each.path.lower() for each in related(list(mapped.values()), known)}
    found = [_choice(each, mapped, indexed) for each in known.fields.values()]
    found += [
        _not_a_field(name, indexed, is_way=lower in ways)
        for lower, name in mapped.items()
        if not known.has(name)
    ]
    return sorted(found, key=lambda each: (not each.mapped, each.name.lower()))


def identifiers(known: ObjectFacts) -> list[str]:
    """Return the fields that records can be found by: the external ids."""
    return sorted(each.name for each in known.fields.values() if each.external_id)


def edited(
    document: MappingDocument, known: ObjectFacts, answers: Answers, namespace: str
) -> MappingDocument:
    """Return a document in which one object is mapped as answered."""
    mapping = find(document, known.name, namespace)
    if mapping is None:
        return document
    before = mapping["config"]
    config = {
        **before,
        "access": answers.access,
        "sf_polling_seconds": answers.polling,
        "fields": _kept(before.get("fields", {}), answers.fields, namespace),
        "indexes": _indexes(before.get("indexes", {}), known, answers.indexes, namespace),
    }
    config.pop("upsert_field", None)
    if answers.identifier:
        config["upsert_field"] = _spelled(config["fields"], answers.identifier, namespace)
    changed = {**mapping, "config": config}
    mappings = [changed if each is mapping else each for each in document["mappings"]]
    return {**document, "mappings": mappings}


def _names(given: Iterable[str], namespace: str) -> dict[str, str]:
    names = (placeholders.in_org(each, namespace) for each in given)
    return {name.lower(): name for name in names}


def _indexes(
    before: dict[str, Any], known: ObjectFacts, wanted: Collection[str], namespace: str
) -> dict[str, Any]:
    """Return the wanted indexes; a new one is unique on an external id."""
    after = _kept(before, wanted, namespace)
    for name in after.keys() - before.keys():
        field = known.field(placeholders.in_org(name, namespace))
        after[name] = {"unique": bool(field and field.external_id)}
    return after


def _kept(before: dict[str, Any], wanted: Collection[str], namespace: str) -> dict[str, Any]:
    """Return the wanted names as the version spells them, in its order, the new ones last."""
    left = {each.lower(): each for each in wanted}
    kept = {
        name: value
        for name, value in before.items()
        if left.pop(placeholders.in_org(name, namespace).lower(), None)
    }
    return kept | {placeholders.in_version(name, namespace): {} for name in left.values()}


def _spelled(fields: dict[str, Any], name: str, namespace: str) -> str:
    same = (each for each in fields if placeholders.in_org(each, namespace).lower() == name.lower())
    return next(same, placeholders.in_version(name, namespace))


def _choice(each: FieldFacts, mapped: dict[str, str], indexed: dict[str, str]) -> FieldChoice:
    kind = UNSUPPORTED_TYPES.get(each.type)
    return FieldChoice(
        name=each.name,
        label=each.label,
        type=_type(each),
        mapped=each.name.lower() in mapped,
        indexed=each.name.lower() in indexed,
        refusal=f"a {kind} field, which Heroku Connect cannot map" if kind else "",
        remarks=tuple(_remarks(each)),
    )


def _not_a_field(name: str, indexed: dict[str, str], *, is_way: bool) -> FieldChoice:
    return FieldChoice(
        name=name,
        label="",
        type="a parent's external id" if is_way else "",
        mapped=True,
        indexed=name.lower() in indexed,
        refusal="" if is_way else "this org does not have it",
    )


def _type(each: FieldFacts) -> str:
    if each.references:
        return f"{each.type} to {', '.join(each.references)}"
    return f"{each.type} ({each.length})" if each.length else each.type


def _remarks(each: FieldFacts) -> Iterable[str]:
    if each.required:
        yield "required"
    if each.external_id:
        yield "external id"
    if each.calculated:
        yield "formula: changes without its record"
    elif not each.writable:
        yield "cannot be written"
