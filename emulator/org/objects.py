"""Object types of an org and their fields, as Salesforce's describe() knows them."""

from dataclasses import dataclass

# The types without text: describe() gives their length as 0.
_NO_TEXT = {
    *("double", "currency", "percent", "int", "boolean", "date", "datetime"),
    *("address", "location", "base64"),
}


@dataclass(frozen=True)
class Field:
    """A field. `type` is one of id, reference, string, textarea, picklist, multipicklist, double,
    currency, percent, int, boolean, date, datetime, email, phone, url, address, location, base64;
    `length` in characters. A polymorphic lookup has other targets in `also_to`. `calculated` is a
    formula; `compound` names the field that this one is a part of."""

    name: str
    type: str
    length: int = 255
    required: bool = False
    unique: bool = False
    external_id: bool = False
    reference_to: str | None = None
    updateable: bool = True
    also_to: tuple[str, ...] = ()
    calculated: bool = False
    compound: str = ""

    @property
    def described_length(self) -> int:
        """The length that describe() gives."""
        if self.type in ("id", "reference"):
            return 18
        return 0 if self.type in _NO_TEXT else self.length

    @property
    def targets(self) -> tuple[str, ...]:
        """The objects that a lookup points to."""
        return (self.reference_to, *self.also_to) if self.reference_to else ()

    @property
    def relationship(self) -> str:
        """The name of the way to the parent: AccountId, Account; Parent__c, Parent__r."""
        if self.type != "reference":
            return ""
        if self.name.endswith("__c"):
            return f"{self.name[:-1]}r"
        return self.name.removesuffix("Id")


@dataclass(frozen=True)
class SObject:
    """An object type. Its records' ids start with `key_prefix`; `auto_number` fills their Name."""

    name: str
    fields: tuple[Field, ...]
    key_prefix: str = "a00"
    auto_number: str | None = None

    def field(self, name: str) -> Field | None:
        """Find a field by API name, in any case."""
        wanted = name.lower()
        return next((each for each in self.fields if each.name.lower() == wanted), None)
