"""The rules for one mapping that its document alone can tell, one function each.

To add a rule, write a function, add it to RULES, and its id to the rulebook.
"""

from collections.abc import Iterator

from connect.mappings.lint.checked import Checked, Rule
from connect.mappings.lint.findings import Finding, warn
from connect.mappings.lint.limits import (
    ACCESS_MODES,
    LIMITED_OBJECTS,
    MAX_FIELDS,
    MAX_POLLING_SECONDS,
    TIMESTAMPS,
    least_polling,
    plan_name,
    unsupported,
)
from connect.mappings.lint.names import is_api_name, lacks_namespace, no_namespace_text


def _object_name(mapping: Checked) -> Iterator[Finding]:
    if not is_api_name(mapping.name):
        yield Finding("name", mapping.name, "This cannot be the API name of an object.")


def _unsupported_object(mapping: Checked) -> Iterator[Finding]:
    kind = unsupported(mapping.name)
    if kind:
        yield Finding("unsupported-object", mapping.name, f"Heroku Connect does not map {kind}.")
    elif mapping.name.lower() in LIMITED_OBJECTS:
        text = "It cannot be read when more than 20,000 records have changed."
        yield warn("limited-object", mapping.name, text)


def _access(mapping: Checked) -> Iterator[Finding]:
    if mapping.config.get("access", ACCESS_MODES[0]) not in ACCESS_MODES:
        yield Finding("access", mapping.name, f"access must be one of {', '.join(ACCESS_MODES)}.")


def _polling(mapping: Checked) -> Iterator[Finding]:
    least = least_polling(mapping.plan)
    seconds = mapping.config.get("sf_polling_seconds", least)
    # type(), because True is an int.
    if type(seconds) is not int or seconds > MAX_POLLING_SECONDS:
        text = f"sf_polling_seconds must be {least} to {MAX_POLLING_SECONDS}."
        yield Finding("polling", mapping.name, text)
    elif seconds < least:
        plan = plan_name(mapping.plan) or "this"
        yield Finding(
            "polling",
            mapping.name,
            f"sf_polling_seconds is {seconds}, and the floor of the plan {plan} is {least}.",
        )


def _namespace(mapping: Checked) -> Iterator[Finding]:
    namespace = mapping.org.namespace
    # What the org has under that name is the subscriber's own.
    if lacks_namespace(mapping.name, namespace) and mapping.described is None:
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
    if mapping.fields and not isinstance(mapping.config.get("indexes", {}), dict):
        yield Finding("indexes", mapping.name, "indexes must be an object.")


def _lookups_without_index(mapping: Checked) -> Iterator[Finding]:
    indexed = {each.lower() for each in mapping.indexes}
    for each in mapping.related:
        place = mapping.place(each.path)
        if "indexes" not in mapping.config:
            yield Finding(
                "no-indexes", place, "A relationship needs “indexes”, and there are none."
            )
        elif mapping.maps(each.lookup) and each.lookup.lower() not in indexed:
            text = f"This relationship's lookup field {each.lookup} is mapped and has no index."
            yield Finding("no-indexes", place, text)


def _no_identifier(mapping: Checked) -> Iterator[Finding]:
    if mapping.fields and mapping.writes and not mapping.config.get("upsert_field"):
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
        yield Finding("identifier-not-mapped", mapping.place(str(identifier)), text)


def _index_not_mapped(mapping: Checked) -> Iterator[Finding]:
    for each in mapping.indexes if mapping.fields else ():
        # Without Id there is a finding of its own.
        if not mapping.maps(each) and each.lower() != "id":
            text = "It has an index, and is not among the fields."
            yield Finding("index-not-mapped", mapping.place(each), text)


def _system_fields(mapping: Checked) -> Iterator[Finding]:
    if not mapping.fields:
        return
    if not mapping.maps("Id"):
        yield Finding("system-field", mapping.name, "Id must be among the fields.")
    described = mapping.described
    stamps = [each for each in TIMESTAMPS if described is None or described.has(each)]
    if stamps and not any(mapping.maps(each) for each in stamps):
        text = f"One of {', '.join(stamps)} must be among the fields."
        yield Finding("system-field", mapping.name, text)


RULES: tuple[Rule, ...] = (
    _object_name,
    _unsupported_object,
    _access,
    _polling,
    _namespace,
    _no_fields,
    _too_many_fields,
    _indexes,
    _lookups_without_index,
    _no_identifier,
    _identifier_not_mapped,
    _index_not_mapped,
    _system_fields,
)
