"""Sends one write to the org, and says how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from emulator.connect.sync.columns import parent_key
from emulator.connect.sync.names import column_name
from emulator.connect.sync.writes import Write
from emulator.org.objects import Field
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
        named = parent_key(sobject, column)
        if named:
            parents[named[0].name] = _parent_id(org, named[0], named[1], value)
        else:
            fields[field_names.get(column, column)] = value
    return fields | parents


def _parent_id(org: Org, lookup: Field, key: str, value: str | None) -> str | None:
    """Find the parent that a relationship column names by external id."""
    if value is None:
        return None
    parents = [parent for name in lookup.targets if (parent := org.describe(name))]
    known = [(each.name, field.name) for each in parents if (field := each.field(key))]
    if not known:
        raise Refused("INVALID_FIELD", f"No such column '{key}' on {', '.join(lookup.targets)}")
    for object_name, field_name in known:
        found = org.find(object_name, field_name, value)
        if found:
            return found.id
    object_name, field_name = known[0]
    raise Refused(
        "INVALID_FIELD",
        f"Foreign key external ID: {value} not found for field {field_name} in entity"
        f" {object_name}",
    )
