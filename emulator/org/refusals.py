"""The checks by which Salesforce refuses a write."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.org.objects import Field, SObject
from emulator.org.records import Records
from emulator.org.values import to_salesforce

MAX_SHOWN = 64  # characters of a too long value that the refusal repeats
_WITHOUT_LENGTH = ("datetime", "date", "reference", "id")
_READ_ONLY_FIELD = (
    "Unable to create/update fields: {name}. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)


class Refused(Exception):
    """Salesforce refuses a write: a status code such as DUPLICATE_VALUE, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class ValidationRule:
    """A write to `object_name` whose `field` matches the regex `pattern` is refused."""

    object_name: str
    field: str
    pattern: str
    message: str
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def clean(sobject: SObject, values: Mapping[str, Any]) -> dict[str, Any]:
    """Spell field names as the org does and write values as JSON; raises Refused."""
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        known = sobject.field(name)
        if known is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise Refused("INVALID_FIELD", message)
        if known.updateable:
            cleaned[known.name] = _converted(known, value)
        elif value is not None:
            message = _READ_ONLY_FIELD.format(name=known.name)
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", message)
    return cleaned


def _converted(known: Field, value: Any) -> Any:
    try:
        return to_salesforce(known.type, value)
    except (TypeError, ValueError):
        message = f"{known.name}: value not of required type: {value}"
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message) from None


def check_required(sobject: SObject, values: Mapping[str, Any]) -> None:
    """Refuse values without every required field."""
    missing = [
        each.name
        for each in sobject.fields
        if each.required and values.get(each.name) in (None, "")
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise Refused("REQUIRED_FIELD_MISSING", message)


def check_length(known: Field, value: Any) -> None:
    """Refuse a text that is too long for its field."""
    if not isinstance(value, str) or known.type in _WITHOUT_LENGTH:
        return
    if len(value) > known.length:
        shown = value if len(value) < MAX_SHOWN else value[: MAX_SHOWN - 4] + "..."
        message = f"{known.name}: data value too large: {shown} (max length={known.length})"
        raise Refused("STRING_TOO_LONG", message)


def check_reference(known: Field, value: Any, parents: Iterable[Records]) -> None:
    """Refuse a reference to a record that is unknown or deleted."""
    parent = next((found for each in parents if (found := each.get(str(value)))), None)
    if parent is None:
        message = f"{known.name}: id value of incorrect type: {value}"
        raise Refused("INVALID_CROSS_REFERENCE_KEY", message)
    if parent.deleted:
        raise Refused("ENTITY_IS_DELETED", "entity is deleted")


def check_unique(known: Field, value: Any, records: Records, own_id: str | None) -> None:
    """Refuse a value of a unique field that another record has."""
    holder = records.holder(known, value)
    if holder not in (None, own_id):
        message = f"duplicate value found: {known.name} duplicates value on record with id: "
        raise Refused("DUPLICATE_VALUE", f"{message}{holder}")


def check_rules(
    rules: Iterable[ValidationRule], sobject: SObject, values: Mapping[str, Any]
) -> None:
    """Refuse values that match one of the org's validation rules."""
    for rule in rules:
        if rule.object_name.lower() != sobject.name.lower():
            continue
        if re.search(rule.pattern, str(values.get(rule.field) or "")):
            raise Refused(rule.code, rule.message)
