"""The rules for the fields of one mapping that its document alone can tell."""

from collections.abc import Iterator

from connect.mappings.lint.checked import Checked, Rule
from connect.mappings.lint.findings import Finding, warn
from connect.mappings.lint.limits import MAX_NAME_BYTES
from connect.mappings.lint.names import (
    is_api_name,
    lacks_namespace,
    no_namespace_text,
    repeated,
    twice_text,
)


def _field_names(mapping: Checked) -> Iterator[Finding]:
    for each in mapping.fields:
        if not is_api_name(each):
            text = "This cannot be the API name of a field."
            yield Finding("name", mapping.place(each), text)


def _repeated_fields(mapping: Checked) -> Iterator[Finding]:
    for name, first in repeated(mapping.fields):
        yield Finding("twice", mapping.place(name), twice_text("field", name, first))


def _namespaces(mapping: Checked) -> Iterator[Finding]:
    namespace, described = mapping.org.namespace, mapping.described
    for each in mapping.fields:
        # What the org has under that name is the subscriber's own.
        theirs = described is not None and described.has(each)
        if lacks_namespace(each, namespace) and not theirs:
            yield warn("namespace", mapping.place(each), no_namespace_text(namespace))


def _long_names(mapping: Checked) -> Iterator[Finding]:
    long = [each for each in mapping.fields if len(each.encode()) > MAX_NAME_BYTES]
    cut = [each.lower().encode()[:MAX_NAME_BYTES] for each in long]
    for name, short in zip(long, cut, strict=True):
        column = short.decode(errors="ignore")
        text = f"Postgres cuts the column's name to {column}."
        if cut.count(short) > 1:
            text += " So it does with another field of this mapping."
        yield warn("long-name", mapping.place(name), text)


RULES: tuple[Rule, ...] = (_field_names, _repeated_fields, _namespaces, _long_names)
