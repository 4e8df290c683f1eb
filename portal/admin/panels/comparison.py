"""Two mapping documents side by side, by object and field, with the cost of each change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from connect.mappings import placeholders
from connect.mappings.changes import Change, ChangeKind, Cost, cost_text
from connect.models import Connection, MappingTemplate

_WHAT = {
    ChangeKind.OBJECT_ADDED: "object",
    ChangeKind.OBJECT_REMOVED: "object",
    ChangeKind.INDEX: "index on ",
}
_TONES = {
    Cost.DELETE: "bad",
    Cost.DROP_COLUMN: "bad",
    Cost.LOAD: "wait",
    Cost.RELOAD: "wait",
    Cost.RESYNC: "wait",
}


@dataclass(frozen=True)
class Row:
    """One line of a comparison: the field or setting, and both values."""

    what: str
    left: str
    right: str
    cost: str
    tone: str


@dataclass(frozen=True)
class Section:
    """The differences of one object."""

    object_name: str
    rows: list[Row] = field(default_factory=list)


def sections(changes: Iterable[Change], rows: Mapping[str, int | None]) -> list[Section]:
    """Return the differences by object; `rows` is how many each object has."""
    found = sorted(changes, key=lambda change: change.object_name.lower())
    return [
        Section(name, [_row(change, rows) for change in group])
        for name, group in groupby(found, key=lambda change: change.object_name)
    ]


def _row(change: Change, rows: Mapping[str, int | None]) -> Row:
    what = _WHAT.get(change.kind, "")
    what = (
        what
        if change.kind in (ChangeKind.OBJECT_ADDED, ChangeKind.OBJECT_REMOVED)
        else what + change.name
    )
    return Row(
        what,
        _side(change.kind, change.before),
        _side(change.kind, change.after),
        cost_text(change, rows),
        _TONES.get(change.cost, "muted"),
    )


def _side(kind: ChangeKind, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        fields = ", ".join(value.get("fields", {}))
        return f"{value.get('access', '')}: {fields}"
    if kind == ChangeKind.INDEX:
        return "unique" if value else "not unique"
    if isinstance(value, bool):
        return (
            "mapped"
            if kind in (ChangeKind.FIELD_ADDED, ChangeKind.FIELD_REMOVED)
            else str(value).lower()
        )
    return str(value)


def rows_on(template: MappingTemplate) -> dict[str, int | None]:
    """Return the row count of each object over all tenants with a version, as last seen."""
    total: dict[str, int | None] = {}
    on_it = Connection.objects.filter(template=template, offboarded_at=None)
    seen = on_it.values_list(
        "tenant__namespace", "mappings__object_name", "mappings__rows_in_salesforce"
    )
    for namespace, name, count in seen.iterator():
        if name:
            key = placeholders.generalize({"name": name}, namespace)["name"].lower()
            total[key] = (total.get(key) or 0) + (count or 0)
    return total
