"""A worker's heartbeat: others see that it lives, and it knows when it may call others dead.

It has a thread of its own: a pulse that waits for a lock must not look like a death.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import close_old_connections, connections
from django.db.models import Q
from django.db.models.functions import Now

from portal.models import Heartbeat
from tenants import sweeps

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
AGAIN_SECONDS = 1.0  # after a beat that the database did not take
MAX_GAP = timedelta(seconds=10)
FORGET_WORKERS_AFTER = timedelta(days=1)


def guarded(act: Callable[[], object]) -> bool:
    """Do something; return whether it worked. A failing database must not end the worker."""
    try:
        act()
    except Exception:
        log.exception("pulse failed")
        with contextlib.suppress(Exception):
            connections.close_all()
        return False
    return True


class Heart:
    """The heartbeat of one worker."""

    def __init__(self, worker: str, started: datetime) -> None:
        self.worker, self.started = worker, started
        self._over = threading.Event()
        self._began = self._latest = float("-inf")

    def start(self) -> None:
        """Beat from now on. After the last fork, because a thread does not survive one."""
        threading.Thread(target=self._beat_on, daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._over.set()

    def beat(self) -> bool:
        """Beat once; return whether the database took it."""
        if not guarded(self._store):
            return False
        now = time.monotonic()
        if now - self._latest > MAX_GAP.total_seconds():
            self._began = now
        self._latest = now
        return True

    def has_beaten_for(self, span: timedelta) -> bool:
        """Return whether it has beaten for so long without a gap.

        While the database is away nobody beats. The first worker that is back must not take the
        others for dead.
        """
        now = time.monotonic()
        is_regular = now - self._latest <= MAX_GAP.total_seconds()
        return is_regular and now - self._began >= span.total_seconds()

    def _beat_on(self) -> None:
        pause = BEAT_SECONDS
        while not self._over.wait(pause):
            pause = BEAT_SECONDS if self.beat() else AGAIN_SECONDS

    def _store(self) -> None:
        close_old_connections()
        now = Now()  # of the database: all workers have the same clock
        mine = Heartbeat.objects.filter(worker=self.worker)
        if mine.update(beat_at=now):
            return
        # Only with a first beat, so that every other one is one statement.
        Heartbeat.objects.create(worker=self.worker, beat_at=now, started_at=self.started)
        old = Q(beat_at__lt=now - FORGET_WORKERS_AFTER) | sweeps.in_future("beat_at", now)
        Heartbeat.objects.filter(old).delete()
