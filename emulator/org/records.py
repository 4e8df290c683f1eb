"""Records of an emulated org."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.org.objects import Field, SObject
from emulator.times import iso


@dataclass(frozen=True)
class Record:
    """A record as it is at one time; a change makes another one, so readers need no copy.

    `values` maps API names to JSON-able values, datetimes as ISO 8601 in UTC. Nobody changes it.
    """

    id: str
    values: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    deleted: bool = False

    def get(self, name: str) -> Any:
        """Read any field; the standard ones too (CreatedDate as ISO text, like the others)."""
        return reader(name)(self)


def reader(name: str) -> Callable[[Record], Any]:
    """Return what reads a field, for callers that read it from many records."""
    return _STANDARD.get(name) or (lambda record: record.values.get(name))


# One by one: a load reads each field of each record, and to write a time is slow.
_STANDARD: dict[str, Callable[[Record], Any]] = {
    "Id": lambda record: record.id,
    "CreatedDate": lambda record: iso(record.created_at),
    "SystemModstamp": lambda record: iso(record.modified_at),
    "LastModifiedDate": lambda record: iso(record.modified_at),
    "IsDeleted": lambda record: record.deleted,
}


class Records:
    """All records of one object type, with an index for each of its unique fields."""

    def __init__(self) -> None:
        self._by_id: dict[str, Record] = {}
        self._holders: dict[str, dict[str, str]] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, record_id: str) -> Record | None:
        """Find a record, deleted or not."""
        return self._by_id.get(record_id)

    def keep(self, sobject: SObject, record: Record) -> None:
        """Put a record in, new or changed, and its unique values into the index."""
        self._by_id[record.id] = record
        if record.deleted:  # a deleted record no longer holds its unique values
            return
        for known in sobject.fields:
            value = record.values.get(known.name)
            if known.unique and value is not None:
                self._index(known)[_folded(value)] = record.id

    def restore(self, record: Record) -> None:
        """Put a record in without indexing it; the index is built when it is first needed."""
        self._by_id[record.id] = record

    def release_unique(self, sobject: SObject, record: Record) -> None:
        """Free the unique values of a record that is about to change or go."""
        for known in sobject.fields:
            if known.unique:
                self._index(known).pop(_folded(record.values.get(known.name)), None)

    def holder(self, known: Field, value: Any) -> str | None:
        """Return the id of the live record that has this value in a unique field."""
        return self._index(known).get(_folded(value))

    def forget_indexes(self) -> None:
        """Drop the indexes, because the fields have changed; they are built again when needed."""
        self._holders.clear()

    def _index(self, known: Field) -> dict[str, str]:
        if known.name not in self._holders:
            self._holders[known.name] = {
                _folded(each.values[known.name]): each.id
                for each in self
                if not each.deleted and each.values.get(known.name) is not None
            }
        return self._holders[known.name]


def _folded(value: Any) -> str:
    """Salesforce compares unique values without case."""
    return str(value).lower()
