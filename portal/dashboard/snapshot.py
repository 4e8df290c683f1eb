"""What is read once for all who look at the same time, in all web processes, and kept a moment.

It lies in the database, where every process finds it, and in the memory of each process. Nothing in
it may depend on who looks, except for the time zone: each zone that somebody has chosen has a
snapshot of its own.
"""

import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from threading import Lock
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import InternalError, connection
from django.utils import timezone

PERIOD = timedelta(seconds=10)
READING = timedelta(seconds=5)  # by then a process has read it, or it has died
SKEW = timedelta(seconds=1)  # by which the clocks of two dynos may differ
PACKAGES = ("portal", "social", "connect", "tenants")
Read = Callable[[datetime], dict[str, Any]]

# The content only if this process has another one.
_LOOK = """
SELECT (SELECT coalesce(max(id), 0) FROM portal_auditentry), kept.at, kept.pressed,
       CASE WHEN kept.at IS DISTINCT FROM %s THEN kept.content END
FROM (VALUES (%s)) wanted(zone) LEFT JOIN portal_dashboardsnapshot kept USING (zone)
"""
_CLAIM = """
UPDATE portal_dashboardsnapshot SET claimed_at = %s
WHERE zone = %s AND claimed_at NOT BETWEEN %s AND %s
"""
_STORE = """
INSERT INTO portal_dashboardsnapshot (zone, at, pressed, claimed_at, content)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (zone) DO UPDATE SET at = excluded.at, pressed = excluded.pressed,
    claimed_at = excluded.claimed_at, content = excluded.content
"""


@dataclass(frozen=True)
class _Snapshot:
    """`pressed` is the newest entry of the audit trail from before it was read."""

    at: datetime
    pressed: int
    read: dict[str, Any]

    def is_fresh(self, now: datetime, pressed: int, period: timedelta) -> bool:
        # A clock that was set back must not keep it.
        return self.pressed == pressed and -min(SKEW, period) <= now - self.at < period


class Kept:
    """The newest snapshot of each time zone, as this process knows it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_zone: dict[str, _Snapshot] = {}

    def current(self, read: Read, now: datetime) -> dict[str, Any]:
        """Return what was read lately, or let it be read now. One query, three if it is read.

        What staff press or save is seen at once. In one process, who comes while it is read waits
        for it; in another one, they get what was read before.
        """
        zone = timezone.get_current_timezone_name()
        pressed = self._look(zone)
        with self._lock:
            kept = self._by_zone.get(zone)
            if kept and kept.is_fresh(now, pressed, PERIOD):
                return kept.read
            if kept and kept.is_fresh(now, pressed, 2 * PERIOD) and not _claim(zone, now):
                return kept.read
            self._by_zone[zone] = kept = _Snapshot(now, pressed, read(now))
        _store(zone, kept)
        return kept.read

    def _look(self, zone: str) -> int:
        """Take over what another process has read; return the newest entry of the audit trail."""
        known = self._by_zone.get(zone)
        with connection.cursor() as cursor:
            cursor.execute(_LOOK, [known.at if known else None, zone])
            newest, at, pressed, content = cursor.fetchone()
        if content and (known is None or at > known.at):
            # Of another version of the portal, or of another key: this process reads it itself.
            with suppress(signing.BadSignature):
                self._by_zone[zone] = _Snapshot(at, pressed, _loads(content))
        return int(newest)


def _claim(zone: str, now: datetime) -> bool:
    """Return whether this process is the one to read it again: for a while no other is."""
    with suppress(InternalError), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, zone, now - READING, now + SKEW])
        return bool(cursor.rowcount)
    return True


def _store(zone: str, snapshot: _Snapshot) -> None:
    # A database that is read-only keeps nothing, and each process has its own.
    with suppress(InternalError), connection.cursor() as cursor:
        content = _dumps(snapshot.read)
        cursor.execute(_STORE, [zone, snapshot.at, snapshot.pressed, snapshot.at, content])


# --- as text -------------------------------------------------------------------------------------


class _Pickled:
    """Rows of the database have no form in JSON. Only what this portal has signed is loaded."""

    def dumps(self, read: Any) -> bytes:
        return pickle.dumps(read)

    def loads(self, content: bytes) -> Any:
        return pickle.loads(content)  # noqa: S301  (its signature was checked)


def _dumps(read: dict[str, Any]) -> str:
    return signing.dumps(read, salt=_version(), serializer=_Pickled, compress=True)


def _loads(content: str) -> dict[str, Any]:
    read: dict[str, Any] = signing.loads(content, salt=_version(), serializer=_Pickled)
    return read


@cache
def _version() -> str:
    """Return a name of this code: while a release replaces another one, both are running."""
    digest = sha256()
    for package in PACKAGES:
        for path in sorted((settings.BASE_DIR / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return f"dashboard-{digest.hexdigest()}"
