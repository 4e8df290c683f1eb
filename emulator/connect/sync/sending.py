"""Sends one write to the org, and says how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from emulator.connect.sync.columns import RELATIONSHIP
from emulator.connect.sync.names import column_name
from emulator.connect.sync.writes import Write
from emulator.org.objects import SObject
from emulator.org.org import Org
from emulator.org.refusals import Refused

# Salesforce fills these itself; a write to them is not sent.
SYSTEM_COLUMNS = frozenset(
    ("id", "sfid", "createddate", "systemmodstamp", "lastmodifieddate", "isdeleted")
)


@dataclass(frozen=True)
class WriteResult:
    """The end of a write: `state` is SUCCESS, FAILED or IGNORED; `message` is a refusal's text."""

    state: str
    sfid: str | None = None
    message: str | None = None


def send(org: Org, object_name: str, write: Write, sfid: str | None, now: datetime) -> WriteResult:
    """Send a write to the org; a refusal is a result and not an exception."""
    try:
        return _send(org, object_name, write, sfid, now)
    except Refused as refusal:
        return WriteResult("FAILED", message=str(refusal))
    except ValueError as malformed:
        return WriteResult("FAILED", message=f"The trigger log entry cannot be read: {malformed}")


def _send(org: Org, object_name: str, write: Write, sfid: str | None, now: datetime) -> WriteResult:
    if write.entry.action == "DELETE":
        if sfid is None:  # it never reached Salesforce, so there is nothing to delete
            return WriteResult("IGNORED")
        org.delete(object_name, sfid, now)
        return WriteResult("SUCCESS", sfid)
    columns = write.values()
    if write.entry.action == "INSERT":
        if columns.get("sfid"):
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call")
        given = {name: value for name, value in columns.items() if value is not None}
        record = org.create(object_name, _fields(org, object_name, given), now)
        return WriteResult("SUCCESS", record.id)
    changes = _fields(org, object_name, columns)
    if not changes:
        return WriteResult("IGNORED", sfid)
    if sfid is None:
        raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
    org.update(object_name, sfid, changes, now)
    return WriteResult("SUCCESS", sfid)


def _fields(org: Org, object_name: str, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """Turn columns into the org's fields; an unknown one keeps its name, and the org refuses it."""
    sobject = org.describe(object_name)
    if sobject is None:
        return dict(columns)
    field_names = {column_name(known.name): known.name for known in sobject.fields}
    fields: dict[str, str | None] = {}
    parents: dict[str, str | None] = {}
    for column, value in columns.items():
        if column in SYSTEM_COLUMNS:
            continue
        if column not in field_names and RELATIONSHIP.fullmatch(column):
            lookup, parent_id = _parent(org, sobject, column, value)
            parents[lookup] = parent_id
        else:
            fields[field_names.get(column, column)] = value
    return fields | parents


def _parent(org: Org, sobject: SObject, column: str, value: str | None) -> tuple[str, str | None]:
    """Find the parent that a relationship column names by external id; return lookup and id."""
    match = RELATIONSHIP.fullmatch(column)
    relation, key = match.groups() if match else ("", "")
    lookup = sobject.field(f"{relation}__c")
    parent = org.describe(lookup.reference_to) if lookup and lookup.reference_to else None
    known = parent.field(key) if parent else None
    if lookup is None or parent is None or known is None:
        message = f"No such column '{column}' on sobject of type {sobject.name}"
        raise Refused("INVALID_FIELD", message)
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
