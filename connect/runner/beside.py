"""Work on other rows in threads, while a task works on its own.

A process of the queue does one task at a time, and most of a step is a wait for a peer. So while a
task works, threads of its process take further rows that are due. The task ends when they have
settled: its time-out, its acknowledgement and the orderly end of a worker hold for them too. Each
row has its own lease, and the task of a row that a thread has taken finds nothing to do.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache

from django.db import close_old_connections

log = logging.getLogger(__name__)


class Threads:
    """How many rows a process works on at once; more than one in the worker alone."""

    number = 1


@contextmanager
def others(work: Callable[[], bool]) -> Iterator[None]:
    """Call `work` in the other threads, and after the block in this one, until it returns False.

    `work` takes one row, and must stop in the time that a task has. After an error in the block
    nobody waits for the threads: a task that has timed out ends with its process.
    """
    begun = [_pool().submit(_repeat, work) for _ in range(Threads.number - 1)]
    yield
    if begun:
        _repeat(work)
        wait(begun)


@cache
def _pool() -> ThreadPoolExecutor:
    # Kept, because each thread keeps a connection to the database. Made after the fork.
    return ThreadPoolExecutor(Threads.number - 1, thread_name_prefix="beside")


def _repeat(work: Callable[[], bool]) -> None:
    try:
        close_old_connections()
        while work():
            pass
    except Exception:  # its row stays due, and its own task comes
        log.exception("work beside a task failed")
