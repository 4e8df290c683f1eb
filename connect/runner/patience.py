"""How long a wait has lasted, as far as it uses up patience.

For every model with the fields `waiting_since`, `renewals` and `next_attempt_at`.
"""

from datetime import datetime, timedelta
from typing import Protocol

from connect.runner.outcomes import Facts, Wait

# An error in between makes a wait begin again, so that an outage blocks nobody. A peer that
# answers with errors and waits by turns has an end too, after hours or, for a load, days.
MAX_RENEWALS = 10
# What a row forgets with every success and every press of staff.
FRESH: Facts = {"waiting_since": None, "renewals": 0}


class Waiting(Protocol):
    """The fields that a row needs."""

    @property
    def waiting_since(self) -> datetime | None: ...

    @property
    def renewals(self) -> int: ...

    @property
    def next_attempt_at(self) -> datetime | None: ...


def begun(row: Waiting, wait: Wait, now: datetime) -> Facts:
    """Return what is stored of a wait. One without patience, for a person, uses up none."""
    if wait.patience is None:
        return interrupted(row)
    return {"waiting_since": waiting_since(row.waiting_since, row.next_attempt_at, now)}


def interrupted(row: Waiting) -> Facts:
    """Return what is stored when something comes between two waits: the next one is a new one."""
    if row.waiting_since is None or row.renewals >= MAX_RENEWALS:
        return {}
    return {"waiting_since": None, "renewals": row.renewals + 1}


def waiting_since(since: datetime | None, due_at: datetime | None, now: datetime) -> datetime:
    """Return since when a wait counts, at a look that was due at `due_at`.

    `since` is its begin at the look before, None at the first one. Nobody looked between `due_at`
    and now: while the worker is dead or work is switched off, no patience is used up.
    """
    if since is None:
        return now
    missed = max(now - due_at, timedelta()) if due_at else timedelta()
    return min(since + missed, now)
