"""How long a wait has lasted, as far as it uses up patience."""

from datetime import datetime, timedelta


def waiting_since(since: datetime | None, due_at: datetime | None, now: datetime) -> datetime:
    """Return since when a wait counts, at a look that was due at `due_at`.

    `since` is its begin at the look before, None at the first one. Nobody looked between `due_at`
    and now: while the worker is dead or work is switched off, no patience is used up.
    """
    if since is None:
        return now
    missed = max(now - due_at, timedelta()) if due_at else timedelta()
    return min(since + missed, now)
