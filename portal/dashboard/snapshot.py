"""What is read once for all who look at the same time, in all web processes, and kept a moment.

It lies in the cache "shared", which is a table. Nothing in it may depend on who looks, except for
the time zone: each zone that somebody has chosen has a snapshot of its own.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone

from portal.models import AuditEntry

PERIOD = timedelta(seconds=10)
READING_SECONDS = 5  # by then a process has read it, or it has died
SKEW = timedelta(seconds=1)  # by which the clocks of two dynos may differ
Read = Callable[[datetime, dict[str, Any] | None], dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """`pressed` is the newest entry of the audit trail from before it was read."""

    at: datetime
    pressed: int
    read: dict[str, Any]


def current(read: Read, now: datetime) -> dict[str, Any]:
    """Return what was read lately, or read it now. What staff press or save is seen at once.

    While one process reads it again, the others show what was read before. `read` takes the time,
    and what was read before, unless it is older than PERIOD.
    """
    key = f"dashboard:{_version()}:{timezone.get_current_timezone_name()}"
    pressed = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
    kept = _kept(key, now)
    is_young = kept is not None and now - kept.at < PERIOD
    if kept and kept.pressed == pressed and (is_young or not _claim(key, kept)):
        return kept.read
    found = Snapshot(now, pressed, read(now, kept.read if kept and is_young else None))
    with suppress(DatabaseError):
        caches["shared"].set(key, found, 2 * PERIOD.total_seconds())
    return found.read


def _kept(key: str, now: datetime) -> Snapshot | None:
    # A database that is read-only, or without the table, must not break the page.
    with suppress(DatabaseError):
        kept: Snapshot | None = caches["shared"].get(key)
        # A clock that was set back must not keep it.
        if kept and kept.at <= now + SKEW:
            return kept
    return None


def _claim(key: str, kept: Snapshot) -> bool:
    """Return whether this process is the one to read after that snapshot."""
    with suppress(DatabaseError):
        return caches["shared"].add(f"{key}:{kept.at.timestamp()}", True, READING_SECONDS)
    return True


@cache
def _version() -> str:
    """Return a name of this code: it cannot load what another release has kept."""
    digest = sha256()
    for package in settings.FLOORS:
        for path in sorted((settings.BASE_DIR / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
