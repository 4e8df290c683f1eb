"""What Heroku Connect makes of captured writes: what is sent to Salesforce, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from emulator.connect.sync import hstore
from emulator.connect.sync.tables import RELATIONSHIP, column_name
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.org.refusals import Refused

# Salesforce fills these itself; a write to them is not sent.
SYSTEM_COLUMNS = frozenset(
    ("id", "sfid", "createddate", "systemmodstamp", "lastmodifieddate", "isdeleted")
)


@dataclass(frozen=True)
class Entry:
    """A row of the trigger log that waits; `text` is its "values" column, hstore text."""

    id: int
    action: str
    table: str
    record_id: int
    sfid: str | None
    text: str


@dataclass
class Write:
    """One call to Salesforce: the entry that stands for it, and those folded into it."""

    entry: Entry
    texts: list[str]
    merged: list[int] = field(default_factory=list)

    def values(self) -> dict[str, str | None]:
        """Return the columns to send, a later entry's over an earlier one's."""
        values: dict[str, str | None] = {}
        for text in self.texts:
            values.update(hstore.parse(text))
        return values


@dataclass(frozen=True)
class Outcome:
    """The end of a write: `state` is SUCCESS, FAILED or IGNORED; `message` is a refusal's text."""

    state: str
    sfid: str | None = None
    message: str | None = None


def plan(entries: Iterable[Entry], *, merged_writes: bool) -> list[Write]:
    """Turn entries, in id order, into writes: one each, or with merged writes one for each row.

    An update joins the insert or update before it. A delete takes the place of all before it, and
    what comes after it is a new row's life.
    """
    writes: list[Write] = []
    open_writes: dict[tuple[str, int], Write] = {}
    for entry in entries:
        key = (entry.table, entry.record_id)
        before = open_writes.pop(key, None) if merged_writes else None
        if before is None:
            write = Write(entry, [entry.text])
            writes.append(write)
        elif entry.action == "DELETE":
            write = Write(entry, [], [*before.merged, before.entry.id])
            writes[writes.index(before)] = write
        else:
            write = before
            write.texts.append(entry.text)
            write.merged.append(entry.id)
        if entry.action != "DELETE":
            open_writes[key] = write
    return writes


def send(org: Org, object_name: str, write: Write, sfid: str | None, now: datetime) -> Outcome:
    """Carry a write to the org; a refusal is an outcome and no error."""
    try:
        return _send(org, object_name, write, sfid, now)
    except Refused as refusal:
        return Outcome("FAILED", message=str(refusal))
    except ValueError as malformed:
        return Outcome("FAILED", message=f"The trigger log entry cannot be read: {malformed}")


def _send(org: Org, object_name: str, write: Write, sfid: str | None, now: datetime) -> Outcome:
    if write.entry.action == "DELETE":
        if sfid is None:  # never reached Salesforce, so there is nothing to delete
            return Outcome("IGNORED")
        org.delete(object_name, sfid, now)
        return Outcome("SUCCESS", sfid)
    columns = write.values()
    if write.entry.action == "INSERT":
        if columns.get("sfid"):
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call")
        given = {name: value for name, value in columns.items() if value is not None}
        record = org.create(object_name, _fields(org, object_name, given), now)
        return Outcome("SUCCESS", record.id)
    changes = _fields(org, object_name, columns)
    if not changes:
        return Outcome("IGNORED", sfid)
    if sfid is None:
        raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
    org.update(object_name, sfid, changes, now)
    return Outcome("SUCCESS", sfid)


def _fields(org: Org, object_name: str, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """Turn columns into the org's fields; an unknown one keeps its name, for the org to refuse."""
    sobject = org.describe(object_name)
    if sobject is None:
        return dict(columns)
    names = {column_name(known.name): known.name for known in sobject.fields}
    fields: dict[str, str | None] = {}
    parents: dict[str, str | None] = {}
    for column, value in columns.items():
        if column in SYSTEM_COLUMNS:
            continue
        if column not in names and RELATIONSHIP.fullmatch(column):
            lookup, parent_id = _parent(org, sobject, column, value)
            parents[lookup] = parent_id
        else:
            fields[names.get(column, column)] = value
    return fields | parents


def _parent(org: Org, sobject: SObject, column: str, value: str | None) -> tuple[str, str | None]:
    """Find the parent that a relationship column names by external id; return lookup and id."""
    match = RELATIONSHIP.fullmatch(column)
    relation, key = match.groups() if match else ("", "")
    lookup = sobject.field(f"{relation}__c")
    parent = org.describe(lookup.reference_to) if lookup and lookup.reference_to else None
    known = parent.field(key) if parent else None
    if lookup is None or parent is None or known is None:
        raise Refused(
            "INVALID_FIELD", f"No such column '{column}' on sobject of type {sobject.name}"
        )
    if value is None:
        return lookup.name, None
    found = org.find(parent.name, known.name, value)
    if found is None:
        raise Refused(
            "INVALID_FIELD",
            f"Foreign key external ID: {value} not found for field {known.name} in entity"
            f" {parent.name}",
        )
    return lookup.name, found.id
