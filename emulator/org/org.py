"""An emulated Salesforce org: its object types, its records, and writes to them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from emulator.org import ids, refusals
from emulator.org.objects import Field, SObject
from emulator.org.records import Record, Records
from emulator.org.refusals import Refused, ValidationRule
from emulator.times import iso

Journal = Callable[[str, str, dict[str, Any] | None], None]


@dataclass(frozen=True)
class User:
    """A user who can log in to an org."""

    id: str
    username: str
    email: str
    first_name: str
    last_name: str
    view_all_data: bool = True
    api_enabled: bool = True
    package_access: bool = True  # may use the package's Apex classes
    approve_uninstalled: bool = True  # may allow connected apps that the org has not installed


def _no_journal(_kind: str, _key: str, _document: dict[str, Any] | None) -> None:
    """Keep nothing: an org outside a running emulator is in memory only."""


@dataclass
class Org:
    """An org. Every method takes the org's own lock, so threads may share it.

    `package` names the package that is installed, or was (emulator.org.package.PACKAGES).
    `journal(kind, key, document or None)` receives each change that must survive a restart.
    """

    id: str
    name: str
    environment: str = "production"
    my_domain: str = "example.my.salesforce.com"
    namespace: str = ""
    package_installed: bool = True
    package: str = "current"
    connect_app_installed: bool = False  # Heroku Connect's own connected app
    users: list[User] = field(default_factory=list)
    objects: dict[str, SObject] = field(default_factory=dict)
    rules: list[ValidationRule] = field(default_factory=list)
    serial: int = 0
    journal: Journal = _no_journal

    def __post_init__(self) -> None:
        # Reentrant, because callers hold it around several calls of an org.
        self.lock = threading.RLock()
        self._records: dict[str, Records] = {}
        self._last_change = datetime.min.replace(tzinfo=UTC)

    # -- object types ----------------------------------------------------------------------------

    def describe(self, object_name: str) -> SObject | None:
        """Find an object type by API name, in any case."""
        return self.objects.get(object_name.lower())

    def set_objects(self, objects: Iterable[SObject]) -> None:
        """Replace the org's object types; records of removed types go with them."""
        with self.lock:
            self.objects = {each.name.lower(): each for each in objects}
            for gone in [name for name in self._records if name not in self.objects]:
                for record in self._records.pop(gone):
                    # None removes it from the store, or a restart would bring it back.
                    self.journal("record", f"{self.id}/{gone}/{record.id}", None)
            self._forget_indexes()

    def change_fields(self, object_name: str, gone: str, added: tuple[Field, ...]) -> None:
        """Remove a field from an object type, and add others."""
        sobject = self._sobject(object_name)
        kept = tuple(each for each in sobject.fields if each.name.lower() != gone.lower())
        with self.lock:
            self.objects[sobject.name.lower()] = replace(sobject, fields=kept + added)
            self._forget_indexes()

    # -- reading ---------------------------------------------------------------------------------

    def query(self, object_name: str, since: datetime | None = None) -> list[Record]:
        """List records changed after `since`, deleted ones too, oldest change first."""
        with self.lock:
            everything = list(self._all(object_name))
        found = [each for each in everything if since is None or each.modified_at > since]
        return sorted(found, key=attrgetter("modified_at"))  # no two changes at one moment

    def count(self, object_name: str) -> int:
        """Count live records."""
        with self.lock:
            return sum(not each.deleted for each in self._all(object_name))

    def get(self, object_name: str, record_id: str) -> Record | None:
        """Read one record, deleted or not."""
        with self.lock:
            return self._all(object_name).get(record_id)

    def find(self, object_name: str, field_name: str, value: Any) -> Record | None:
        """Read the first live record with that value, as an upsert by external id does."""
        for each in self.query(object_name):
            if not each.deleted and each.get(field_name) == value:
                return each
        return None

    # -- writing ---------------------------------------------------------------------------------

    def create(self, object_name: str, values: Mapping[str, Any], now: datetime) -> Record:
        """Create a record; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            cleaned = refusals.clean(sobject, values)
            refusals.check_required(sobject, cleaned)
            if sobject.auto_number:
                # Deleted records are counted too, so a number is never given twice.
                number = len(self._all(sobject.name)) + 1
                cleaned["Name"] = sobject.auto_number.format(number)
            _compose_name(sobject, cleaned)
            self._check(sobject, cleaned, None)
            self.serial += 1
            record_id = ids.make(sobject.key_prefix + self.id[3:6], self.serial)
            changed_at = self._next_change(now)
            record = Record(record_id, cleaned, changed_at, changed_at)
            self._keep(sobject, record)
            return record

    def update(
        self, object_name: str, record_id: str, values: Mapping[str, Any], now: datetime
    ) -> Record:
        """Change a live record; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            record = self._live(sobject, record_id)
            merged = {**record.values, **refusals.clean(sobject, values)}
            refusals.check_required(sobject, merged)
            self._check(sobject, merged, record.id)
            # Before the values change, because the index is looked up by the old ones.
            self._all(sobject.name).release_unique(sobject, record)
            _compose_name(sobject, merged)
            changed = replace(record, values=merged, modified_at=self._next_change(now))
            self._keep(sobject, changed)
            return changed

    def delete(self, object_name: str, record_id: str, now: datetime) -> None:
        """Move a live record to the recycle bin; raises Refused as Salesforce would."""
        with self.lock:
            sobject = self._sobject(object_name)
            record = self._live(sobject, record_id)
            self._all(sobject.name).release_unique(sobject, record)
            self._keep(sobject, replace(record, deleted=True, modified_at=self._next_change(now)))

    def restore(self, object_name: str, record: Record) -> None:
        """Put a stored record back after a restart, without checks."""
        self._all(object_name).restore(record)
        self._last_change = max(self._last_change, record.modified_at)
        self.serial = max(self.serial, ids.serial_of(record.id))

    # -- helpers ---------------------------------------------------------------------------------

    def _all(self, object_name: str) -> Records:
        return self._records.setdefault(object_name.lower(), Records())

    def _forget_indexes(self) -> None:
        for each in self._records.values():
            each.forget_indexes()

    def _sobject(self, object_name: str) -> SObject:
        sobject = self.describe(object_name)
        if sobject is None:
            raise Refused("INVALID_TYPE", f"sObject type '{object_name}' is not supported.")
        return sobject

    def _live(self, sobject: SObject, record_id: str) -> Record:
        record = self._all(sobject.name).get(record_id)
        if record is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if record.deleted:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted")
        return record

    def _next_change(self, now: datetime) -> datetime:
        # Two changes never have the same moment, so "changed after" misses none of them.
        self._last_change = max(now, self._last_change + timedelta(microseconds=1))
        return self._last_change

    def _check(self, sobject: SObject, values: dict[str, Any], own_id: str | None) -> None:
        for known in sobject.fields:
            value = values.get(known.name)
            if value is None or value == "":
                continue
            refusals.check_length(known, value)
            if known.type == "reference" and known.targets:
                refusals.check_reference(known, value, map(self._all, known.targets))
            if known.unique:
                refusals.check_unique(known, value, self._all(sobject.name), own_id)
        refusals.check_rules(self.rules, sobject, values)

    def _keep(self, sobject: SObject, record: Record) -> None:
        self._all(sobject.name).keep(sobject, record)
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
