"""How Heroku Connect turns entries of the trigger log into writes to Salesforce."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.connect.sync import hstore


@dataclass(frozen=True)
class LogEntry:
    """A waiting row of the trigger log; `text` is its "values" column, hstore text."""

    id: int
    action: str
    table: str
    record_id: int
    sfid: str | None
    text: str


@dataclass
class Write:
    """One call to Salesforce: the entry that stands for it, and the ids of those merged into it."""

    entry: LogEntry
    texts: list[str]
    merged: list[int] = field(default_factory=list)

    def values(self) -> dict[str, str | None]:
        """Return the columns to send; a later entry's value replaces an earlier one's."""
        values: dict[str, str | None] = {}
        for text in self.texts:
            values.update(hstore.parse(text))
        return values


def plan(entries: Iterable[LogEntry], *, merged_writes: bool) -> list[Write]:
    """Turn entries, in id order, into writes: one each, or with merged writes one for each row.

    An update joins the insert or update before it. A delete replaces all before it. An entry after
    a delete, and an insert, belong to a new row.
    """
    writes: list[Write] = []
    open_writes: dict[tuple[str, int], Write] = {}
    for entry in entries:
        row = (entry.table, entry.record_id)
        before = open_writes.pop(row, None) if merged_writes else None
        # The delete between two inserts is missing when it was set to IGNORE at once.
        if before is None or entry.action == "INSERT":
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
            open_writes[row] = write
    return writes
