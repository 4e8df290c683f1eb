"""The worker: django-q2's cluster, safe against kills, and the pulse that finds due work.

What django-q2 1.11.1 does alone, and what is changed here (docs/adr/0003):
- SIGTERM to every process, as Heroku sends it, kills tasks mid-run: the pool ignores it here, and
  the main process ends the cluster in order.
- A worker that is killed while it holds the queue's lock leaves a cluster that never works again:
  here any unexpected death ends the whole cluster, and the platform restarts the worker.
- When the main process or the sentinel is killed, the others would continue as orphans: here they
  end too.
- A dead worker's tasks waited for the `retry` time, and a task that kills its worker came back for
  ever: portal/deliveries.py frees the former at once and ends the latter after three starts.
"""

import contextlib
import ctypes
import gc
import itertools
import logging
import os
import signal
import socket
from functools import partial
from multiprocessing import Event
from multiprocessing.process import BaseProcess
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connections
from django.urls import reverse
from django.utils import timezone
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.signals import pre_execute

from connect.runner.beside import Threads
from portal import deliveries
from portal.project import databases, schedules
from portal.project.heart import Heart, guarded
from tenants import sweeps
from tenants.leases import Worker
from tenants.queue import LOST_AT_ONCE, QueueIsAway, lost_after

log = logging.getLogger(__name__)

PULSE_SECONDS = 1.0
SLOW_PULSE = 5  # one pulse of so many looks for what only a death or a wrong clock leaves
UNEXPECTED_DEATH = 70  # EX_SOFTWARE: the platform restarts the worker
_TIMED_OUT, _RECYCLED = 0, -2  # django-q2's marks in a worker's timer
_PR_SET_PDEATHSIG = 1


def run() -> int:
    """Run the cluster and the pulse until a signal or a death; return the exit code."""
    # It closes all connections too: processes that are forked below must not share one.
    databases.limit(databases.WORKER)
    os.register_at_fork(after_in_child=_die_with_parent)
    started = timezone.now()
    # With the start, because a container may have the same host name and number again.
    name = f"{socket.gethostname()}:{os.getpid()}:{started:%H%M%S}"
    Worker.name, Threads.number = name, settings.WORKER_THREADS
    pre_execute.connect(_count_start)
    heart = Heart(name, started)
    heart.beat()
    connections.close_all()
    _share_memory()
    cluster = SafeCluster()
    cluster.start()
    heart.start()
    for number in itertools.count():
        if not cluster.sentinel.is_alive():
            break
        _pulse(number, heart)
        cluster.sentinel.join(PULSE_SECONDS)
    heart.stop()
    guarded(lambda: deliveries.free_of(name))
    return 0 if cluster.has_stopped else UNEXPECTED_DEATH


def _share_memory() -> None:
    """Let forked processes share what is loaded by now; call it before the first fork."""
    # The first link in a mail loads all pages. Here that is done once for all processes.
    reverse("authenticate-plain")
    # The collector writes to each object that it looks at, and a page that is written is copied.
    gc.collect()
    gc.freeze()


def _count_start(task: dict[str, Any], **_: object) -> None:
    # An error here would end the worker's process, and with it the cluster.
    guarded(partial(deliveries.count_start, task))


def _pulse(number: int, heart: Heart) -> None:
    # Once a pulse: the next statement asks first whether the connection still works.
    guarded(close_old_connections)
    if number % SLOW_PULSE == 0:
        if heart.has_beaten_for(deliveries.WORKER_IS_DEAD):
            guarded(deliveries.free_dead)
        guarded(schedules.bring_back)
    guarded(_sweep)


def _sweep() -> None:
    # A task that was queued a moment ago is not lost, so a busy queue is asked for no length.
    found = sweeps.with_work(LOST_AT_ONCE)
    if not found:
        return
    try:
        again_after = lost_after()
    except QueueIsAway:
        # A mark of the queue without a task would be untrue.
        again_after, found = LOST_AT_ONCE, [each for each in found if not each.tasks]
    for sweep in found:
        # Each by itself: one that fails does not keep the others from their rows.
        guarded(partial(sweep.queue_due, again_after))


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere nothing is asked."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class SafeSentinel(Sentinel):  # type: ignore[misc]  # django-q2 carries no types
    """The sentinel of the pool: ignores SIGTERM, and ends when one of its processes dies
    unexpectedly.
    """

    def start(self) -> None:
        # Before the pool starts, because its processes inherit it.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        super().start()

    def reincarnate(self, process: Any) -> None:
        if self._ended_in_order(process):
            super().reincarnate(process)
            if process.is_alive():
                process.kill()  # a timed-out worker ignores SIGTERM too
            return
        log.critical("process %s died unexpectedly; leaving", process.pid)
        for child in (*self.pool, self.monitor, self.pusher):
            child.kill()
        # Not sys.exit: its clean-up may wait for the queue's lock, which the dead process held.
        os._exit(UNEXPECTED_DEATH)

    def _ended_in_order(self, process: Any) -> bool:
        if process in (self.monitor, self.pusher):
            return bool(process.exitcode == 0)  # the pusher leaves so when the database was away
        return bool(process.timer.value in (_TIMED_OUT, _RECYCLED))


class SafeCluster(Cluster):  # type: ignore[misc]  # django-q2 carries no types
    """django-q2's cluster with the SafeSentinel."""

    sentinel: BaseProcess

    def start(self) -> int:
        self.stop_event, self.start_event = Event(), Event()
        self.sentinel = get_mp_context().Process(
            target=SafeSentinel,
            args=(self.stop_event, self.start_event, self.cluster_id, self.broker, self.timeout),
        )
        self.sentinel.start()
        return int(self.pid)
