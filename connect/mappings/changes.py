"""The changes between two mapping documents, and the cost of each one."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from connect.formats import counted


class ChangeKind(StrEnum):
    OBJECT_ADDED = "object_added"
    OBJECT_REMOVED = "object_removed"
    FIELD_ADDED = "field_added"
    FIELD_REMOVED = "field_removed"
    INDEX = "index"
    SETTING = "setting"


class Cost(StrEnum):
    """What Heroku Connect has to do for a change, the most expensive first."""

    DELETE = "delete"
    LOAD = "load"
    RELOAD = "reload"
    RESYNC = "resync"
    DROP_COLUMN = "drop_column"
    ALTER = "alter"
    NONE = "none"


_COST_OF_KIND = {
    ChangeKind.OBJECT_ADDED: Cost.LOAD,
    ChangeKind.OBJECT_REMOVED: Cost.DELETE,
    ChangeKind.FIELD_ADDED: Cost.RESYNC,
    ChangeKind.FIELD_REMOVED: Cost.DROP_COLUMN,
    ChangeKind.INDEX: Cost.ALTER,
}
# Other settings, such as the polling interval, touch no data.
_COST_OF_SETTING = {"access": Cost.ALTER, "upsert_field": Cost.RELOAD}


@dataclass(frozen=True)
class Change:
    """One difference. `before` is the value in the left document, `after` in the right one.

    `name` is the field or the setting, or "" for a whole object; then `after`, or `before`, is its
    whole configuration.
    """

    kind: ChangeKind
    object_name: str
    name: str
    before: Any
    after: Any

    @property
    def cost(self) -> Cost:
        """The cost of the change."""
        if self.kind == ChangeKind.SETTING:
            return _COST_OF_SETTING.get(self.name, Cost.NONE)
        return _COST_OF_KIND[self.kind]

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON data; the opposite of `from_json`."""
        return asdict(self)


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Return stored changes."""
    return [Change(**{**row, "kind": ChangeKind(row["kind"])}) for row in rows]


def cost_text(change: Change, rows: Mapping[str, int | None]) -> str:
    """Return the cost of a change as text; `rows` gives the row count by lower-case object name."""
    count = rows.get(change.object_name.lower())
    amount = "an unknown number of rows"
    if count is not None:
        amount = counted(count, "row")
    return {
        Cost.DELETE: (
            f"An import does not remove this mapping; it has to be deleted. Postgres may then lose "
            f"its table with {amount}. Salesforce keeps its records."
        ),
        Cost.LOAD: f"A new table is made and loaded: {amount}.",
        Cost.RELOAD: f"The table may be reloaded: {amount}.",
        Cost.RESYNC: f"A new column is filled by reading {amount} again.",
        Cost.DROP_COLUMN: (
            "The column and its values are removed from Postgres. Salesforce keeps them."
        ),
        Cost.ALTER: "The table's index or triggers change; no data is read again.",
        Cost.NONE: "Nothing is read again.",
    }[change.cost]


def with_cost(change: Change, rows: Mapping[str, int | None]) -> str:
    """Return a change and its cost as one line."""
    kind = change.kind.replace("_", " ")
    return f"{f'{change.object_name} {change.name}'.strip()}: {kind}. {cost_text(change, rows)}"


def rows_read(changes: Iterable[Change], rows: Mapping[str, int | None]) -> int:
    """Return how many rows these changes read from Salesforce again, if known."""
    reading = {Cost.LOAD, Cost.RELOAD, Cost.RESYNC}
    # By object, because several new fields of one object are filled by one reading.
    touched = {each.object_name.lower() for each in changes if each.cost in reading}
    return sum(rows.get(name) or 0 for name in touched)
