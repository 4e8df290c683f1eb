"""Object types of an org and their fields, as Salesforce's describe() knows them."""

from dataclasses import dataclass

# Fields that every record has and that Salesforce fills itself.
STANDARD_FIELDS = ("Id", "CreatedDate", "SystemModstamp", "LastModifiedDate", "IsDeleted")


@dataclass(frozen=True)
class Field:
    """A field. `type` is one of id, reference, string, textarea, picklist, multipicklist, double,
    currency, percent, int, boolean, date, datetime, email, phone, url; `length` in characters."""

    name: str
    type: str
    length: int = 255
    required: bool = False
    unique: bool = False
    external_id: bool = False
    reference_to: str | None = None
    updateable: bool = True


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
