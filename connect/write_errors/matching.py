"""Which row a failed write belongs to, and whether it may be sent again. No database here.

Heroku Connect may number the rows of a table again, so a row's id proves nothing. The Salesforce id
of the entry does. A write that could reach another record than its own is never sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connect.models import SkipReason
from connect.write_errors import hstore
from connect.write_errors.hstore import Values
from connect.write_errors.trigger_log import FailedWrite

# Heroku Connect fills these itself; they are not part of what was written.
_SYSTEM_COLUMNS = frozenset(
    ("id", "sfid", "_hc_lastop", "_hc_err", "createddate", "systemmodstamp", "isdeleted")
)


@dataclass(frozen=True)
class Entry:
    """A failed entry of a trigger log; `values` holds the columns that were to be written."""

    id: int
    record_id: int
    action: str
    sfid: str | None
    values: Values

    @classmethod
    def of(cls, write: FailedWrite) -> "Entry":
        """Return an entry as it was read from a log."""
        values = hstore.parse(write.values) if write.action != "DELETE" else {}
        return cls(write.id, write.record_id, write.action, write.sfid, values)


@dataclass(frozen=True)
class Row:
    """A row of the mapped table, with the text of its columns."""

    id: int
    sfid: str | None
    values: Values


@dataclass(frozen=True)
class Difference:
    """A column whose value is not the one that failed."""

    column: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.column} {_shown(self.was)}, now {_shown(self.now)}"


@dataclass(frozen=True)
class Rows:
    """The rows that some entries may belong to, and the row numbers that wait to be inserted."""

    by_id: Mapping[int, Row] = field(default_factory=dict)
    by_sfid: Mapping[str, Row] = field(default_factory=dict)
    waiting: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Match:
    """An entry, and either its row or the reason for skipping it.

    A deletion has no row. `captured` says that the row's present values are sent, and not those of
    the entry.
    """

    entry: Entry
    row: Row | None = None
    skipped: SkipReason | None = None
    captured: bool = False

    @property
    def differences(self) -> list[Difference]:
        """What the row no longer holds of the write."""
        if self.row is None or self.skipped:
            return []
        return differences(self.entry.values, self.row.values)


def match_all(entries: Iterable[Entry], rows: Rows, *, ordered: bool) -> list[Match]:
    """Match entries, in the order of their ids. Each row is inserted once."""
    matches, inserting = [], set(rows.waiting)
    for entry in entries:
        found = match(entry, rows, ordered=ordered)
        if entry.action == "INSERT" and not found.skipped:
            if entry.record_id in inserting:
                found = Match(entry, skipped=SkipReason.WAITING)
            inserting.add(entry.record_id)
        matches.append(found)
    return matches


def match(entry: Entry, rows: Rows, *, ordered: bool) -> Match:
    """Find an entry's row, and decide whether it may be sent again.

    `ordered` writes capture the row that was found. Merged writes, and deletions, hand the entry
    itself back, and Heroku Connect then works with its row number too.
    """
    if entry.action == "DELETE":
        return _delete(entry, rows)
    if entry.action == "INSERT":
        return _insert(entry, rows, ordered)
    return _update(entry, rows, ordered)


def differences(wanted: Values, present: Values) -> list[Difference]:
    """Compare what was to be written with what a row holds, or with what is sent."""
    return [
        Difference(column, value, present.get(column))
        for column, value in wanted.items()
        if column not in _SYSTEM_COLUMNS and value != present.get(column)
    ]


def _delete(entry: Entry, rows: Rows) -> Match:
    if entry.sfid is None:
        return Match(entry, skipped=SkipReason.NO_RECORD)
    return Match(entry, skipped=_taken(entry, rows))


def _insert(entry: Entry, rows: Rows, ordered: bool) -> Match:
    if entry.sfid is not None:
        return Match(entry, skipped=SkipReason.IS_RECORD)
    return _unsent(entry, rows, ordered)


def _update(entry: Entry, rows: Rows, ordered: bool) -> Match:
    if entry.sfid is None:
        return _unsent(entry, rows, ordered)
    row = rows.by_sfid.get(entry.sfid)
    if row is None:
        return Match(entry, skipped=SkipReason.GONE)
    if not ordered and row.id != entry.record_id:
        return Match(entry, skipped=SkipReason.RENUMBERED)
    return Match(entry, row, captured=ordered)


def _unsent(entry: Entry, rows: Rows, ordered: bool) -> Match:
    """Match a write of a row that was not in Salesforce yet: only its number says which."""
    row = rows.by_id.get(entry.record_id)
    if row is None:
        return Match(entry, skipped=SkipReason.GONE)
    if row.sfid is not None:
        arrived = _holds(row, entry)
        return Match(entry, skipped=SkipReason.IS_RECORD if arrived else SkipReason.OTHER_VALUES)
    return Match(entry, row, captured=ordered)


def _holds(row: Row, entry: Entry) -> bool:
    """Return whether a row holds all that an entry wrote. One without values proves nothing."""
    # An insert has all columns, and Salesforce fills those that were left empty.
    every = entry.action != "INSERT"
    wanted = {name: value for name, value in entry.values.items() if every or value is not None}
    return bool(wanted.keys() - _SYSTEM_COLUMNS) and not differences(wanted, row.values)


def _taken(entry: Entry, rows: Rows) -> SkipReason | None:
    """Return the reason for skipping an entry whose row number belongs to another record."""
    row = rows.by_id.get(entry.record_id)
    return SkipReason.RENUMBERED if row is not None and row.sfid != entry.sfid else None


def _shown(value: str | None) -> str:
    return "empty" if value is None else f"'{value}'"
