"""The rules for one mapping that only the org can tell, from its describe."""

from collections.abc import Iterator

from connect.clients.org_objects import FieldFacts
from connect.mappings.lint.checked import Checked, Rule
from connect.mappings.lint.findings import Finding, note, warn
from connect.mappings.lint.limits import TIMESTAMPS, UNSUPPORTED_TYPES
from connect.mappings.lint.relationships import Related

# Salesforce fills these itself, and everybody knows it.
_SYSTEM = {"id", "isdeleted", *(each.lower() for each in TIMESTAMPS)}


def _unknown_object(mapping: Checked) -> Iterator[Finding]:
    known = mapping.org.objects
    if mapping.name.lower() in known and known[mapping.name.lower()] is None:
        text = "The org does not have this object, or its user may not see it."
        yield Finding("unknown-object", mapping.name, text)


def _unknown_fields(mapping: Checked) -> Iterator[Finding]:
    described = mapping.described
    if described is None:
        return
    ways = {each.path for each in mapping.related}
    for each in mapping.fields:
        if described.has(each) or each in ways:
            continue
        if "__r__" in each.lower():
            text = f"{described.name} has no such relationship."
            yield Finding("unknown-relationship", mapping.place(each), text)
        else:
            yield Finding("unknown-field", mapping.place(each), "The org does not have this field.")


def _relationships(mapping: Checked) -> Iterator[Finding]:
    for each in mapping.related:
        if each.facts:
            yield from _relationship(mapping, each, each.facts)


def _relationship(mapping: Checked, way: Related, lookup: FieldFacts) -> Iterator[Finding]:
    place, parents = mapping.place(way.path), ", ".join(lookup.references)
    if len(lookup.references) > 1:
        yield warn("polymorphic", place, f"{lookup.name} is polymorphic: it points to {parents}.")
    asked = [mapping.org.objects.get(each.lower()) for each in lookup.references]
    # A parent that was not asked about may have it.
    if not asked or any(each.lower() not in mapping.org.objects for each in lookup.references):
        return
    keys = [key for parent in asked if parent and (key := parent.field(way.key))]
    if not keys:
        yield Finding("unknown-key", place, f"{parents} has no field {way.key}.")
    elif all(key.external_id is False for key in keys):
        yield Finding("key-not-external", place, f"{way.key} is not an external id of {parents}.")


def _identifier(mapping: Checked) -> Iterator[Finding]:
    name, described = mapping.config.get("upsert_field"), mapping.described
    if described is None or not isinstance(name, str) or not mapping.maps(name):
        return
    known = described.field(name)
    # A relationship's name is not a field of the object; what the org lacks has a finding already.
    is_way = name.lower() in {each.path.lower() for each in mapping.related}
    if is_way if known is None else known.external_id is False:
        text = "It is the unique identifier (upsert_field), and is not an external id."
        place = mapping.place(known.name if known else name)
        yield Finding("identifier-not-external", place, text)


def _types(mapping: Checked) -> Iterator[Finding]:
    for each in _known(mapping):
        kind = UNSUPPORTED_TYPES.get(each.type)
        if kind:
            text = f"It is a {kind} field ({each.type}), which Heroku Connect cannot map."
            yield Finding("field-type", mapping.place(each.name), text)


def _timestamp(mapping: Checked) -> Iterator[Finding]:
    described, best = mapping.described, TIMESTAMPS[0]
    others = any(mapping.maps(each) for each in TIMESTAMPS[1:])
    if described and described.has(best) and others and not mapping.maps(best):
        text = f"{best} is not mapped, and {described.name} has it."
        yield warn("timestamp", mapping.name, text)


def _required(mapping: Checked) -> Iterator[Finding]:
    described = mapping.described
    if described is None or not mapping.writes:
        return
    by_key = {each.lookup.lower() for each in mapping.related}
    for each in described.fields.values():
        if each.required and not mapping.maps(each.name) and each.name.lower() not in by_key:
            text = "Salesforce requires it, and it is not mapped."
            yield warn("required-not-mapped", mapping.place(each.name), text)


def _formulas(mapping: Checked) -> Iterator[Finding]:
    for each in _known(mapping):
        if each.calculated:
            text = "It is a formula, which changes without its record."
            yield warn("formula", mapping.place(each.name), text)


def _not_writable(mapping: Checked) -> Iterator[Finding]:
    for each in _known(mapping) if mapping.writes else ():
        if not each.writable and not each.calculated and each.name.lower() not in _SYSTEM:
            text = "It cannot be written."
            yield note("not-writable", mapping.place(each.name), text)


def _known(mapping: Checked) -> list[FieldFacts]:
    described = mapping.described
    found = (described.field(each) for each in mapping.fields) if described else ()
    return [each for each in found if each]


RULES: tuple[Rule, ...] = (
    _unknown_object,
    _unknown_fields,
    _relationships,
    _identifier,
    _types,
    _timestamp,
    _required,
    _formulas,
    _not_writable,
)
