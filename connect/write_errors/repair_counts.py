"""The results of the writes that somebody retried or ignored, counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connect.formats import counted, in_sentence
from connect.models import RepairResult, SkipReason, WriteRepair

DATABASE_REFUSED = "the tenant's database refused it"


@dataclass
class RepairCounts:
    """How many entries were handled, sent with other values than those that failed, or neither."""

    done: int = 0
    other_values: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        """How many entries are on their way, or ignored."""
        return self.done + self.other_values

    def __str__(self) -> str:
        parts = [counted(self.done, "write")] if self.done else []
        if self.other_values:
            parts.append(f"{self.other_values} sent with other values than those that failed")
        parts += [f"{count} skipped: {reason.label}" for reason, count in self.skipped.items()]
        parts += [f"{count} failed: {reason}" for reason, count in self.failed.items()]
        return "; ".join(parts) or "no such write has failed any more"


def in_words(repairs: Iterable[WriteRepair]) -> str:
    """Return the results of writes as "2 arrived; 1 skipped: the row is gone".

    `repairs` begins with the newest. A write that was repaired several times counts once.
    """
    counts = Counter(_result(each) for each in _last_of_each_write(repairs))
    most_first = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{count:,} {result}" for result, count in most_first)


def _last_of_each_write(repairs: Iterable[WriteRepair]) -> Iterator[WriteRepair]:
    repaired_later: set[int] = set()
    for each in repairs:
        # A retry gives most writes a new entry.
        if not repaired_later & {each.log_id, each.new_log_id}:
            yield each
        repaired_later.add(each.log_id)


def _result(repair: WriteRepair) -> str:
    label = in_sentence(str(RepairResult(repair.result).label))
    if repair.reason:
        return f"{label}: {SkipReason(repair.reason).label}"
    return label
