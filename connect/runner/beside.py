"""Work on other rows in threads, while a task works on its own.

A process of the queue does one task at a time, and most of a step is a wait for a peer. So while a
task works, each of the other threads of its process takes one more row that is due. The task ends
when they have settled: its time-out, its acknowledgement and the orderly end of a worker hold for
them too. One row each, so that the tasks behind it do not wait for long. Each row has its own
lease, and the task of a row that a thread has taken finds nothing to do.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from typing import ClassVar

from django.db import close_old_connections

log = logging.getLogger(__name__)


class Threads:
    """How many rows a process works on at once; more than one in the worker alone."""

    number = 1
    begun: ClassVar[list[Future[None]]] = []


@contextmanager
def others(work: Callable[[], None]) -> Iterator[None]:
    """Call `work` once in each of the other threads, and end when all have ended.

    It must stop in the time that a task has. After an error in the block nobody waits for the
    threads: a task that has timed out ends with its process.
    """
    # After an error in the block of an earlier task, its threads may be at work still.
    left = [each for each in Threads.begun if not each.done()]
    free = Threads.number - 1 - len(left)
    begun = [_pool().submit(_call, work) for _ in range(free)]
    Threads.begun = left + begun
    yield
    wait(begun)


@cache
def _pool() -> ThreadPoolExecutor:
    # Kept, because each thread keeps a connection to the database. Made after the fork.
    return ThreadPoolExecutor(Threads.number - 1, thread_name_prefix="beside")


def _call(work: Callable[[], None]) -> None:
    try:
        close_old_connections()
        work()
    except Exception:  # its row stays due, and its own task comes
        log.exception("work beside a task failed")
