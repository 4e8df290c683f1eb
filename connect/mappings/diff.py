"""What differs between two mapping documents, and what it costs to get from one to the other.

Documents are compared as Heroku Connect reads them: names in any case are the same name, what is
left out has its default, and the indexes that every table has anyway do not count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

Document = dict[str, Any]
DEFAULTS: dict[str, Any] = {
    "access": "read_only",
    "sf_notify_enabled": False,
    "sf_polling_seconds": 600,
    "sf_max_daily_api_calls": 30_000,
    "upsert_field": None,
}
# Heroku Connect makes these for every table.
_ALWAYS_INDEXED = {"id", "systemmodstamp"}


class Kind(StrEnum):
    OBJECT_ADDED = "object_added"
    OBJECT_REMOVED = "object_removed"
    FIELD_ADDED = "field_added"
    FIELD_REMOVED = "field_removed"
    INDEX = "index"
    SETTING = "setting"


class Cost(StrEnum):
    """What Heroku Connect has to do for a change, dearest first."""

    DELETE = "delete"
    LOAD = "load"
    RELOAD = "reload"
    RESYNC = "resync"
    DROP_COLUMN = "drop_column"
    ALTER = "alter"
    NONE = "none"


@dataclass(frozen=True)
class Change:
    """One difference. `before` is what the left document says, `after` what the right one does.

    `name` is a field's or a setting's, "" for a whole object; then `after`, or `before`, is its
    whole configuration.
    """

    kind: Kind
    object_name: str
    name: str
    before: Any
    after: Any

    @property
    def cost(self) -> Cost:
        """What it takes to make the change."""
        if self.kind == Kind.SETTING:
            return _COST_OF_SETTING.get(self.name, Cost.NONE)
        return _COST_OF_KIND[self.kind]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, which `from_json` takes back."""
        return asdict(self)


_COST_OF_KIND = {
    Kind.OBJECT_ADDED: Cost.LOAD,
    Kind.OBJECT_REMOVED: Cost.DELETE,
    Kind.FIELD_ADDED: Cost.RESYNC,
    Kind.FIELD_REMOVED: Cost.DROP_COLUMN,
    Kind.INDEX: Cost.ALTER,
}
_COST_OF_SETTING = {"access": Cost.ALTER, "upsert_field": Cost.RELOAD}


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return stored changes."""
    return [Change(**{**row, "kind": Kind(row["kind"])}) for row in rows]


def compare(left: Document, right: Document) -> list[Change]:
    """Return every change that leads from the left document to the right one, by object."""
    return list(_compare(canonical(left), canonical(right)))


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """Return the document with the changes made, in canonical form."""
    objects = canonical(document)
    for change in changes:
        key = change.object_name.lower()
        if change.kind == Kind.OBJECT_REMOVED:
            del objects[key]
        elif change.kind == Kind.OBJECT_ADDED:
            objects[key] = _canonical(change.object_name, change.after)
        else:
            _change(objects[key], change)
    return {"version": 1, "mappings": [_as_mapping(each) for _, each in sorted(objects.items())]}


def canonical(document: Document) -> dict[str, Document]:
    """Return each object's settings, fields and indexes by their lower-case names."""
    return {
        str(each["object_name"]).lower(): _canonical(str(each["object_name"]), each["config"])
        for each in document["mappings"]
    }


def _canonical(name: str, config: Mapping[str, Any]) -> Document:
    return {
        "name": name,
        "settings": {key: config.get(key, default) for key, default in DEFAULTS.items()},
        "fields": {field.lower(): field for field in config.get("fields", {})},
        "indexes": {
            field.lower(): (field, bool(index.get("unique")))
            for field, index in config.get("indexes", {}).items()
            if field.lower() not in _ALWAYS_INDEXED
        },
    }


def _as_mapping(mapping: Document) -> Document:
    indexes = {field: {"unique": unique} for field, unique in mapping["indexes"].values()}
    config = {
        **mapping["settings"],
        "fields": {field: {} for field in mapping["fields"].values()},
        "indexes": indexes,
    }
    return {"object_name": mapping["name"], "config": config}


def _compare(left: dict[str, Document], right: dict[str, Document]) -> Iterator[Change]:
    for key in sorted(left.keys() | right.keys()):
        if key not in right:
            gone = _as_mapping(left[key])
            yield Change(Kind.OBJECT_REMOVED, gone["object_name"], "", gone["config"], None)
        elif key not in left:
            new = _as_mapping(right[key])
            yield Change(Kind.OBJECT_ADDED, new["object_name"], "", None, new["config"])
        else:
            yield from _compare_object(left[key], right[key])


def _compare_object(left: Document, right: Document) -> Iterator[Change]:
    name = right["name"]
    for key, before in left["settings"].items():
        after = right["settings"][key]
        if not _same_value(before, after):
            yield Change(Kind.SETTING, name, key, before, after)
    for key in sorted(left["fields"].keys() | right["fields"].keys()):
        if key not in right["fields"]:
            yield Change(Kind.FIELD_REMOVED, name, left["fields"][key], True, None)
        elif key not in left["fields"]:
            yield Change(Kind.FIELD_ADDED, name, right["fields"][key], None, True)
    for key in sorted(left["indexes"].keys() | right["indexes"].keys()):
        had, has = (side["indexes"].get(key, ("", None)) for side in (left, right))
        if had[1] != has[1]:
            yield Change(Kind.INDEX, name, has[0] or had[0], had[1], has[1])


def _same_value(before: Any, after: Any) -> bool:
    # Python takes True for 1; names of fields are the same in any case.
    if isinstance(before, str) and isinstance(after, str):
        return before.lower() == after.lower()
    return type(before) is type(after) and bool(before == after)


def _change(mapping: Document, change: Change) -> None:
    key = change.name.lower()
    match change.kind:
        case Kind.SETTING:
            mapping["settings"][change.name] = change.after
        case Kind.FIELD_ADDED:
            mapping["fields"][key] = change.name
        case Kind.FIELD_REMOVED:
            del mapping["fields"][key]
        case Kind.INDEX if change.after is None:
            del mapping["indexes"][key]
        case Kind.INDEX:
            mapping["indexes"][key] = (change.name, change.after)


# --- in words ------------------------------------------------------------------------------------


def cost_in_words(change: Change, rows: Mapping[str, int | None]) -> str:
    """Return what a change costs; `rows` is how many an object has, by its lower-case name."""
    count = rows.get(change.object_name.lower())
    amount = "an unknown number of rows"
    if count is not None:
        amount = f"{count:,} row{'' if count == 1 else 's'}"
    return {
        Cost.DELETE: (
            f"The mapping goes only when it is deleted (an import leaves it). Its table with "
            f"{amount} may go with it from Postgres; Salesforce keeps its records."
        ),
        Cost.LOAD: f"A new table is made and loaded: {amount}.",
        Cost.RELOAD: f"The table may be loaded anew: {amount}.",
        Cost.RESYNC: f"A new column, filled by reading {amount} again.",
        Cost.DROP_COLUMN: "The column goes from Postgres with its values; Salesforce keeps them.",
        Cost.ALTER: "The table's index or triggers change; no data is read again.",
        Cost.NONE: "Nothing is read again.",
    }[change.cost]


def rows_read(changes: Iterable[Change], rows: Mapping[str, int | None]) -> int:
    """Return how many rows are read from Salesforce again for these changes, where known."""
    reading = {Cost.LOAD, Cost.RELOAD, Cost.RESYNC}
    touched = {each.object_name.lower() for each in changes if each.cost in reading}
    return sum(rows.get(name) or 0 for name in touched)
