"""The rules for one mapping, one function each: RULES for the object, FIELD_RULES for its fields.

To add a rule, write a function and add it to a table; docs/mappings.md lists the findings.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connect.mappings.lint.findings import Finding, OrgFacts, warn
from connect.mappings.lint.limits import (
    ACCESS_MODES,
    MAX_FIELDS,
    MAX_POLLING_SECONDS,
    MIN_POLLING_SECONDS,
    MIN_POLLING_SECONDS_PAID,
    SYSTEM_FIELDS,
    WITHOUT_ISDELETED,
    plan_name,
)
from connect.mappings.lint.names import (
    is_api_name,
    lacks_namespace,
    no_namespace_text,
    repeated,
    twice_text,
)


@dataclass(frozen=True)
class Checked:
    """The mapping that is checked, for which plan and org. `fields` are the mapped names."""

    name: str
    config: dict[str, Any]
    plan: str
    org: OrgFacts

    @property
    def fields(self) -> dict[str, Any]:
        """The mapped fields; empty if they are missing or not an object."""
        given = self.config.get("fields")
        return given if isinstance(given, dict) else {}

    def maps(self, field: str) -> bool:
        """Return whether a field is mapped; names are case-insensitive."""
        return field.lower() in {each.lower() for each in self.fields}


Rule = Callable[[Checked], Iterator[Finding]]
_SYSTEM_NAMES = {each.lower() for each in SYSTEM_FIELDS}


def check_mapping(mapping: Checked) -> Iterator[Finding]:
    """Yield the findings for one mapping."""
    for rule in RULES:
        yield from rule(mapping)
    # A table that is too wide has one finding, not one for each of its fields.
    if len(mapping.fields) <= MAX_FIELDS:
        for rule in FIELD_RULES if mapping.fields else ():
            yield from rule(mapping)


# --- the object ----------------------------------------------------------------------------------


def _object_name(mapping: Checked) -> Iterator[Finding]:
    if not is_api_name(mapping.name):
        yield Finding("name", mapping.name, "This cannot be the API name of an object.")


def _access(mapping: Checked) -> Iterator[Finding]:
    if mapping.config.get("access") not in ACCESS_MODES:
        yield Finding("access", mapping.name, f"access must be one of {', '.join(ACCESS_MODES)}.")


def _polling(mapping: Checked) -> Iterator[Finding]:
    seconds = mapping.config.get("sf_polling_seconds")
    least = MIN_POLLING_SECONDS.get(plan_name(mapping.plan), MIN_POLLING_SECONDS_PAID)
    # type(), because True is an int.
    if type(seconds) is not int or not least <= seconds <= MAX_POLLING_SECONDS:
        text = f"sf_polling_seconds must be {least} to {MAX_POLLING_SECONDS}."
        yield Finding("polling", mapping.name, text)


def _object_namespace(mapping: Checked) -> Iterator[Finding]:
    namespace = mapping.org.namespace
    if lacks_namespace(mapping.name, namespace):
        yield warn("namespace", mapping.name, no_namespace_text(namespace))


def _no_fields(mapping: Checked) -> Iterator[Finding]:
    if not mapping.fields:
        yield Finding("no-fields", mapping.name, "It has no fields.")


def _too_many_fields(mapping: Checked) -> Iterator[Finding]:
    count = len(mapping.fields)
    if count > MAX_FIELDS:
        yield Finding(
            "too-many-fields",
            mapping.name,
            f"It has {count:,} fields; a Postgres table cannot have more than {MAX_FIELDS:,}"
            " beside Heroku Connect’s own columns.",
        )


def _indexes(mapping: Checked) -> Iterator[Finding]:
    indexes = mapping.config.get("indexes", {})
    if mapping.fields and not isinstance(indexes, dict):
        yield Finding("indexes", mapping.name, "indexes must be an object.")


def _relationship_without_indexes(mapping: Checked) -> Iterator[Finding]:
    related = next((each for each in mapping.fields if "__r__" in each.lower()), None)
    if related and "indexes" not in mapping.config:
        yield Finding(
            "no-indexes",
            f"{mapping.name}.{related}",
            "A relationship's external id needs “indexes”; without it, the import fails silently.",
        )


def _no_identifier(mapping: Checked) -> Iterator[Finding]:
    config = mapping.config
    if mapping.fields and config.get("access") == "read_write" and not config.get("upsert_field"):
        yield warn(
            "no-identifier",
            mapping.name,
            "It is read-write without a unique identifier (upsert_field), so a repeated write can "
            "create a duplicate record.",
        )


def _identifier_not_mapped(mapping: Checked) -> Iterator[Finding]:
    identifier = mapping.config.get("upsert_field")
    if mapping.fields and identifier and not mapping.maps(str(identifier)):
        text = "It is the unique identifier (upsert_field), and is not among the fields."
        yield Finding("identifier-not-mapped", f"{mapping.name}.{identifier}", text)


def _index_not_mapped(mapping: Checked) -> Iterator[Finding]:
    indexes = mapping.config.get("indexes")
    for each in indexes if mapping.fields and isinstance(indexes, dict) else ():
        # A missing system field has a finding of its own.
        if not mapping.maps(each) and each.lower() not in _SYSTEM_NAMES:
            text = "It has an index, and is not among the fields."
            yield Finding("index-not-mapped", f"{mapping.name}.{each}", text)


# --- its fields ----------------------------------------------------------------------------------


def _field_names(mapping: Checked) -> Iterator[Finding]:
    for each in mapping.fields:
        if not is_api_name(each):
            where = f"{mapping.name}.{each}"
            yield Finding("name", where, "This cannot be the API name of a field.")


def _repeated_fields(mapping: Checked) -> Iterator[Finding]:
    for name, first in repeated(mapping.fields):
        yield Finding("twice", f"{mapping.name}.{name}", twice_text("field", name, first))


def _field_namespaces(mapping: Checked) -> Iterator[Finding]:
    namespace = mapping.org.namespace
    for each in mapping.fields:
        if lacks_namespace(each, namespace):
            yield warn("namespace", f"{mapping.name}.{each}", no_namespace_text(namespace))


def _system_fields(mapping: Checked) -> Iterator[Finding]:
    present = {each.lower() for each in mapping.fields}
    for each in SYSTEM_FIELDS:
        optional = each == "IsDeleted" and mapping.name.lower() in WITHOUT_ISDELETED
        if each.lower() not in present and not optional:
            yield Finding("system-field", mapping.name, f"{each} must be among the fields.")


def _unknown_object(mapping: Checked) -> Iterator[Finding]:
    known = mapping.org.fields
    if mapping.name.lower() in known and known[mapping.name.lower()] is None:
        text = "The org does not have this object, or its user may not see it."
        yield Finding("unknown-object", mapping.name, text)


def _unknown_fields(mapping: Checked) -> Iterator[Finding]:
    known = mapping.org.fields.get(mapping.name.lower())
    if known is None:
        return
    for each in mapping.fields:
        # Relationship paths are not part of a describe.
        if "__r__" not in each.lower() and each.lower() not in known:
            where = f"{mapping.name}.{each}"
            yield Finding("unknown-field", where, "The org does not have this field.")


RULES: tuple[Rule, ...] = (
    _object_name,
    _access,
    _polling,
    _object_namespace,
    _no_fields,
    _too_many_fields,
    _indexes,
    _relationship_without_indexes,
    _no_identifier,
    _identifier_not_mapped,
    _index_not_mapped,
)
FIELD_RULES: tuple[Rule, ...] = (
    _field_names,
    _repeated_fields,
    _field_namespaces,
    _system_fields,
    _unknown_object,
    _unknown_fields,
)
