"""What is read once for all who look at the same time, and kept for some seconds.

Each web process keeps its own. Nothing in it may depend on who looks, except for the time zone:
each zone that somebody has chosen has a snapshot of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db.models import Max
from django.utils import timezone

from portal.models import AuditEntry

PERIOD = timedelta(seconds=10)
Read = Callable[[datetime], dict[str, Any]]


@dataclass(frozen=True)
class _Snapshot:
    """`pressed` is the newest entry of the audit trail from before it was read."""

    at: datetime
    pressed: int
    read: dict[str, Any]

    def is_fresh(self, now: datetime, pressed: int) -> bool:
        # A clock that was set back must not keep it.
        return self.pressed == pressed and timedelta() <= now - self.at < PERIOD


class Kept:
    """The newest snapshot of each time zone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_zone: dict[str, _Snapshot] = {}

    def current(self, read: Read, now: datetime) -> dict[str, Any]:
        """Return what `read` found lately, or let it read now. One query more.

        What staff press or save is seen at once. Who comes while it is read waits for it.
        """
        zone = timezone.get_current_timezone_name()
        pressed = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
        with self._lock:
            self._by_zone = {
                name: each for name, each in self._by_zone.items() if each.is_fresh(now, pressed)
            }
            if zone not in self._by_zone:
                self._by_zone[zone] = _Snapshot(now, pressed, read(now))
            return self._by_zone[zone].read
