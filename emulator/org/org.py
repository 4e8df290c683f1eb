"""An emulated Salesforce org: its objects, its records and the rules that refuse a write.

The Postgres side (tables, sync) sees Salesforce only through this module.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.org import ids
from emulator.org.coerce import coerce
from emulator.org.coerce import iso as iso

STANDARD_VALUES = ("Id", "CreatedDate", "SystemModstamp", "LastModifiedDate", "IsDeleted")

Journal = Callable[[str, str, dict[str, Any] | None], None]


@dataclass(frozen=True)
class Field:
    """A field as describe() knows it. `type` is one of id, reference, string, textarea, picklist,
    multipicklist, double, currency, percent, int, boolean, date, datetime, email, phone, url."""

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
    """An object type: `key_prefix` starts its record ids, `auto_number` fills its Name."""

    name: str
    fields: tuple[Field, ...]
    key_prefix: str = "a00"
    auto_number: str | None = None

    def field(self, name: str) -> Field | None:
        """Find a field by API name, in any case."""
        wanted = name.lower()
        return next((each for each in self.fields if each.name.lower() == wanted), None)


@dataclass
class Record:
    """A record. `values` maps API names to JSON-able values, datetimes as ISO 8601 in UTC."""

    id: str
    values: dict[str, Any]
    created_at: datetime
    modified_at: datetime
    deleted: bool = False

    def get(self, name: str) -> Any:
        """Read any field, the standard ones included (CreatedDate as ISO text, like the others)."""
        standard = {
            "Id": self.id,
            "CreatedDate": iso(self.created_at),
            "SystemModstamp": iso(self.modified_at),
            "LastModifiedDate": iso(self.modified_at),
            "IsDeleted": self.deleted,
        }
        return standard[name] if name in standard else self.values.get(name)


@dataclass(frozen=True)
class User:
    """Somebody who can log in to an org."""

    id: str
    username: str
    email: str
    first_name: str
    last_name: str
    view_all_data: bool = True


@dataclass(frozen=True)
class Rule:
    """A validation rule: a write to `object_name` whose `field` matches `pattern` is refused."""

    object_name: str
    field: str
    pattern: str
    message: str
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


class Refused(Exception):
    """Salesforce said no: a status code such as DUPLICATE_VALUE, and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def _no_journal(_kind: str, _key: str, _document: dict[str, Any] | None) -> None:
    """Keep nothing: an org outside a running emulator lives in memory alone."""


@dataclass
class Org:
    """An org. Every method takes the org's own lock, so threads may share it.

    `package` names which package it is that is installed, or was (emulator.package.PACKAGES).
    `journal(kind, key, document or None)` is told of each change that must outlive the process.
    """

    id: str
    name: str
    environment: str = "production"
    my_domain: str = "example.my.salesforce.com"
    namespace: str = ""
    package_installed: bool = True
    package: str = "current"
    users: list[User] = field(default_factory=list)
    objects: dict[str, SObject] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    serial: int = 0
    journal: Journal = _no_journal

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._records: dict[str, dict[str, Record]] = {}
        self._unique: dict[tuple[str, str], dict[str, str]] = {}
        self._last_stamp = datetime.min.replace(tzinfo=UTC)

    # -- what there is ---------------------------------------------------------------------------

    def describe(self, object_name: str) -> SObject | None:
        """Find an object type by API name, in any case."""
        return self.objects.get(object_name.lower())

    def set_objects(self, objects: Iterable[SObject]) -> None:
        """Replace the org's object types; records of vanished types go with them."""
        with self.lock:
            self.objects = {each.name.lower(): each for each in objects}
            for gone in [name for name in self._records if name not in self.objects]:
                for record_id in self._records.pop(gone):
                    self.journal("record", f"{self.id}/{gone}/{record_id}", None)
            self._unique.clear()

    def change_fields(self, object_name: str, gone: str, added: tuple[Field, ...]) -> None:
        """Take a field away from an object type, and add others."""
        sobject = self._sobject(object_name)
        kept = tuple(each for each in sobject.fields if each.name.lower() != gone.lower())
        with self.lock:
            changed = replace(sobject, fields=kept + added)
            self.objects[sobject.name.lower()] = changed
            self._unique.clear()

    def query(self, object_name: str, since: datetime | None = None) -> list[Record]:
        """List records changed after `since`, deleted ones too, oldest change first."""
        with self.lock:
            found = [
                replace(each, values=dict(each.values))
                for each in self._table(object_name).values()
                if since is None or each.modified_at > since
            ]
        return sorted(found, key=lambda each: (each.modified_at, each.id))

    def count(self, object_name: str) -> int:
        """Count live records."""
        with self.lock:
            return sum(not each.deleted for each in self._table(object_name).values())

    def get(self, object_name: str, record_id: str) -> Record | None:
        """Read one record, deleted or not."""
        with self.lock:
            found = self._table(object_name).get(record_id)
            return replace(found, values=dict(found.values)) if found else None

    def find(self, object_name: str, field_name: str, value: Any) -> Record | None:
        """Read the first live record with that value, as an upsert by external id does."""
        for each in self.query(object_name):
            if not each.deleted and each.get(field_name) == value:
                return each
        return None

    # -- writes ----------------------------------------------------------------------------------

    def create(self, object_name: str, values: Mapping[str, Any], now: datetime) -> Record:
        """Create a record; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            clean = self._clean(sobject, values)
            _check_required(sobject, clean)
            self._fill_name(sobject, clean)
            self._check(sobject, clean, None)
            self.serial += 1
            stamp = self._stamp(now)
            record = Record(
                ids.make(sobject.key_prefix + self.id[3:6], self.serial), clean, stamp, stamp
            )
            self._keep(sobject, record)
            return replace(record, values=dict(clean))

    def update(
        self, object_name: str, record_id: str, values: Mapping[str, Any], now: datetime
    ) -> Record:
        """Change a live record; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            record = self._live(sobject, record_id)
            merged = {**record.values, **self._clean(sobject, values)}
            _check_required(sobject, merged)
            self._check(sobject, merged, record.id)
            self._forget_unique(sobject, record)
            record.values = merged
            _compose_name(sobject, merged)
            record.modified_at = self._stamp(now)
            self._keep(sobject, record)
            return replace(record, values=dict(merged))

    def delete(self, object_name: str, record_id: str, now: datetime) -> None:
        """Move a live record to the recycle bin; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            record = self._live(sobject, record_id)
            self._forget_unique(sobject, record)
            record.deleted = True
            record.modified_at = self._stamp(now)
            self._keep(sobject, record)

    def restore(self, object_name: str, record: Record) -> None:
        """Put a stored record back after a restart, unchecked."""
        self._table(object_name)[record.id] = record
        self._last_stamp = max(self._last_stamp, record.modified_at)
        self.serial = max(self.serial, ids.serial_of(record.id))

    # -- inner rules -----------------------------------------------------------------------------

    def _table(self, object_name: str) -> dict[str, Record]:
        return self._records.setdefault(object_name.lower(), {})

    def _sobject(self, object_name: str) -> SObject:
        sobject = self.describe(object_name)
        if sobject is None:
            raise Refused("INVALID_TYPE", f"sObject type '{object_name}' is not supported.")
        return sobject

    def _live(self, sobject: SObject, record_id: str) -> Record:
        record = self._table(sobject.name).get(record_id)
        if record is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if record.deleted:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted")
        return record

    def _stamp(self, now: datetime) -> datetime:
        # Two changes never share a moment, so that "changed after" loses none of them.
        self._last_stamp = max(now, self._last_stamp + timedelta(microseconds=1))
        return self._last_stamp

    def _clean(self, sobject: SObject, values: Mapping[str, Any]) -> dict[str, Any]:
        """Spell field names as the org does and values as JSON has them."""
        clean: dict[str, Any] = {}
        for name, value in values.items():
            known = sobject.field(name)
            if known is None:
                raise Refused(
                    "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}"
                )
            if not known.updateable:
                if value is None:
                    continue
                raise Refused(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {known.name}. Please check the security "
                    "settings of this field and verify that it is read/write for your profile or "
                    "permission set.",
                )
            try:
                clean[known.name] = coerce(known.type, value)
            except (TypeError, ValueError):
                raise Refused(
                    "INVALID_TYPE_ON_FIELD_IN_RECORD",
                    f"{known.name}: value not of required type: {value}",
                ) from None
        return clean

    def _fill_name(self, sobject: SObject, values: dict[str, Any]) -> None:
        if sobject.auto_number:
            values["Name"] = sobject.auto_number.format(len(self._table(sobject.name)) + 1)
        _compose_name(sobject, values)

    def _check(self, sobject: SObject, values: dict[str, Any], own_id: str | None) -> None:
        for known in sobject.fields:
            value = values.get(known.name)
            if value is None or value == "":
                continue
            _check_length(known, value)
            self._check_reference(known, value)
            self._check_unique(sobject, known, value, own_id)
        self._check_rules(sobject, values)

    def _check_reference(self, known: Field, value: Any) -> None:
        if known.type != "reference" or known.reference_to is None:
            return
        parent = self._table(known.reference_to).get(str(value))
        if parent is None:
            raise Refused(
                "INVALID_CROSS_REFERENCE_KEY", f"{known.name}: id value of incorrect type: {value}"
            )
        if parent.deleted:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted")

    def _check_unique(self, sobject: SObject, known: Field, value: Any, own_id: str | None) -> None:
        if not known.unique:
            return
        holder = self._index(sobject, known).get(str(value).lower())
        if holder is not None and holder != own_id:
            raise Refused(
                "DUPLICATE_VALUE",
                f"duplicate value found: {known.name} duplicates value on record with id: {holder}",
            )

    def _check_rules(self, sobject: SObject, values: dict[str, Any]) -> None:
        for rule in self.rules:
            if rule.object_name.lower() != sobject.name.lower():
                continue
            if re.search(rule.pattern, str(values.get(rule.field) or "")):
                raise Refused(rule.code, rule.message)

    def _index(self, sobject: SObject, known: Field) -> dict[str, str]:
        """Who holds which value of a unique field; Salesforce compares them without case."""
        key = (sobject.name.lower(), known.name)
        if key not in self._unique:
            self._unique[key] = {
                str(each.values[known.name]).lower(): each.id
                for each in self._table(sobject.name).values()
                if not each.deleted and each.values.get(known.name) is not None
            }
        return self._unique[key]

    def _forget_unique(self, sobject: SObject, record: Record) -> None:
        for known in sobject.fields:
            if known.unique:
                self._index(sobject, known).pop(str(record.values.get(known.name)).lower(), None)

    def _keep(self, sobject: SObject, record: Record) -> None:
        self._table(sobject.name)[record.id] = record
        if not record.deleted:
            for known in sobject.fields:
                value = record.values.get(known.name)
                if known.unique and value is not None:
                    self._index(sobject, known)[str(value).lower()] = record.id
        document = {
            "values": record.values,
            "created_at": iso(record.created_at),
            "modified_at": iso(record.modified_at),
            "deleted": record.deleted,
        }
        self.journal("record", f"{self.id}/{sobject.name.lower()}/{record.id}", document)


def _compose_name(sobject: SObject, values: dict[str, Any]) -> None:
    """Fill the compound Name of people (Contact) from its parts."""
    if sobject.field("LastName"):
        parts = (values.get("FirstName"), values.get("LastName"))
        values["Name"] = " ".join(str(part) for part in parts if part)


def _check_required(sobject: SObject, values: Mapping[str, Any]) -> None:
    missing = [
        each.name
        for each in sobject.fields
        if each.required and values.get(each.name) in (None, "")
    ]
    if missing:
        raise Refused(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]"
        )


def _check_length(known: Field, value: Any) -> None:
    if not isinstance(value, str) or known.type in ("datetime", "date", "reference", "id"):
        return
    if len(value) > known.length:
        shown = value if len(value) < 64 else value[:60] + "..."
        raise Refused(
            "STRING_TOO_LONG",
            f"{known.name}: data value too large: {shown} (max length={known.length})",
        )
