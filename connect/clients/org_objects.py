"""What an org's describe says of an object and its fields, as Heroku Connect passes it on.

Of Heroku Connect's answer only `name` and `required` are known (from the source of its plugin). The
other keys are read in Salesforce's spelling and with underscores, and None means that the answer
does not say: no rule judges by it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tenants.http.json_object import JsonObject

_CAPITAL = re.compile(r"_([a-z])")


@dataclass(frozen=True)
class FieldFacts:
    """One field. `type` is describe's ("" if unknown), `length` in characters.

    `required`: no record is created without it. `relationship` is the name of the way to the parent
    ("Account", "Parent__r"), `references` are the parent objects: several if it is polymorphic.
    `compound` is the field that this one is a part of.
    """

    name: str
    label: str = ""
    type: str = ""
    length: int | None = None
    required: bool = False
    external_id: bool | None = None
    references: tuple[str, ...] = ()
    relationship: str = ""
    createable: bool | None = None
    updateable: bool | None = None
    calculated: bool | None = None
    compound: str = ""

    @property
    def writable(self) -> bool:
        """Whether it can be written at all, as far as is known."""
        return self.createable is not False or self.updateable is not False

    def as_json(self) -> dict[str, Any]:
        """Return what is known of it as JSON data; the opposite of `field_from_json`."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None, ())}


@dataclass(frozen=True)
class ObjectFacts:
    """One object; its fields by their lower-case names."""

    name: str
    fields: Mapping[str, FieldFacts] = field(default_factory=dict)

    def field(self, name: str) -> FieldFacts | None:
        """Return a field by its name in any case."""
        return self.fields.get(name.lower())

    def has(self, name: str) -> bool:
        """Return whether it has a field; names are case-insensitive."""
        return name.lower() in self.fields


def object_of(name: str, fields: Iterable[FieldFacts]) -> ObjectFacts:
    """Return an object with these fields."""
    return ObjectFacts(name, {each.name.lower(): each for each in fields})


def read_object(document: JsonObject, name: str) -> ObjectFacts:
    """Read Heroku Connect's answer about an object."""
    found = (_read_field(each) for each in document.objects("fields"))
    return object_of(document.string_or_blank("name") or name, found)


def field_from_json(row: Mapping[str, Any]) -> FieldFacts:
    """Return a stored field."""
    return FieldFacts(**{**row, "references": tuple(row.get("references", ()))})


def _read_field(given: JsonObject) -> FieldFacts:
    name, kind = given.string("name"), given.string_or_blank("type")
    length = _value(given, "length")
    return FieldFacts(
        name=name,
        label=given.string_or_blank("label"),
        type=kind,
        length=length if type(length) is int else None,
        required=_required(given),
        external_id=_flag(given, "external_id"),
        references=_references(given),
        relationship=_text(given, "relationship_name") or _way_to_parent(name, kind),
        createable=_flag(given, "createable"),
        updateable=_flag(given, "updateable"),
        calculated=_flag(given, "calculated"),
        compound=_text(given, "compound_field_name"),
    )


def _value(given: JsonObject, key: str) -> Any:
    salesforce = _CAPITAL.sub(lambda found: found[1].upper(), key)
    return given.raw.get(key, given.raw.get(salesforce))


def _flag(given: JsonObject, key: str) -> bool | None:
    value = _value(given, key)
    return value if isinstance(value, bool) else None


def _text(given: JsonObject, key: str) -> str:
    value = _value(given, key)
    return value if isinstance(value, str) else ""


def _required(given: JsonObject) -> bool:
    # Salesforce fills what it does not let others create: Id, SystemModstamp.
    if _flag(given, "createable") is False:
        return False
    nillable = _flag(given, "nillable")
    if nillable is None:
        return _flag(given, "required") is True
    return not nillable and _flag(given, "defaulted_on_create") is not True


def _references(given: JsonObject) -> tuple[str, ...]:
    value = _value(given, "reference_to")
    names = value if isinstance(value, list) else [value]
    return tuple(each for each in names if isinstance(each, str) and each)


def _way_to_parent(name: str, kind: str) -> str:
    """Return the relationship's name by Salesforce's rule: AccountId, Account; Parent__c, __r."""
    if kind != "reference":
        return ""
    if name.endswith("__c"):
        return f"{name[:-1]}r"
    return name.removesuffix("Id") if name != "Id" else ""
