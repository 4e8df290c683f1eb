"""Attempts: each is counted before it is made, and a table says when the next one follows.

An attempt that kills its worker is counted too, so nothing is tried forever. For every model with
the field `attempts`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone


@dataclass(frozen=True)
class Schedule:
    """A table of pauses: `pauses[n]` belongs to the attempt that n others precede.

    Healing waits before its attempt, a message or a webhook call after it. `last` is the pause
    after the table; None means that nothing follows.
    """

    pauses: tuple[timedelta, ...]
    last: timedelta | None = None

    def pause(self, attempts: int) -> timedelta | None:
        """Return the pause of the attempt that so many others precede; None if nothing follows."""
        return self.pauses[attempts] if attempts < len(self.pauses) else self.last

    def next_at(self, attempts: int) -> datetime | None:
        """Return when that pause ends, if it begins now; None if nothing follows."""
        pause = self.pause(attempts)
        return None if pause is None else timezone.now() + pause

    def is_used_up(self, attempts: int) -> bool:
        """Return whether the table has no line for a further attempt."""
        return attempts >= len(self.pauses)

    def has_died(self, attempts: int) -> bool:
        """Return whether the last attempt was counted too: it died with its worker."""
        return attempts > len(self.pauses)


def minutes(*pauses: int) -> tuple[timedelta, ...]:
    """Return pauses given in minutes."""
    return tuple(timedelta(minutes=pause) for pause in pauses)


def count(row: QuerySet[Any], attempts: int, **facts: Any) -> bool:
    """Count the attempt that follows `attempts` earlier ones, and write facts with it.

    Return False if another worker has counted it: of two with the same task, one goes on.
    """
    # A compare-and-swap on the count itself, so it needs no lock.
    return bool(row.filter(attempts=attempts).update(attempts=attempts + 1, **facts))
