"""The one way to queue a task.

Callers pass the function itself, so the type checker sees a wrong argument or a renamed function,
and import-linter sees an import that goes upwards. The queue stores the function's dotted name
and not the function: a worker that unpickles a function which no longer exists dies, is started
again and reads the same row again. An unknown name only ends as a failed task that staff can see.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import ParamSpec

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.tasks import async_task
from redis.exceptions import RedisError

from tenants.sweeps import REQUEUE_AFTER, require

log = logging.getLogger(__name__)

P = ParamSpec("P")
# With an empty queue: the time that a task needs from the queue into its worker.
LOST_AT_ONCE = timedelta(seconds=5)


def enqueue(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Queue a call of a module's function, in the caller's transaction if there is one.

    Arguments are ids and names, never a secret: they are stored, and staff can read them. No
    keyword may be named like an option of django-q2's `async_task`, such as group or timeout.
    Raises sweeps.Unswept.
    """
    _hint(require(function), *args, **kwargs)


def enqueue_as(
    task_name: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Queue a call under a name that staff can search the queue for, such as "message 12"."""
    _hint(require(function), *args, **kwargs, q_options={"task_name": task_name})


def enqueue_again(task: Task, **changed: object) -> None:
    """Queue a task again that ran before, with some of its keyword arguments changed."""
    options = {"task_name": task.name}
    _hint(task.func, *(task.args or ()), **{**(task.kwargs or {}), **changed}, q_options=options)


class QueueIsAway(Exception):
    """Redis does not answer, and takes no task."""


def lost_after() -> timedelta:
    """Return how long after it was queued a task that has not begun counts as lost.

    Tasks are taken in their order: one that is older than the oldest that waits was taken, or lost.
    Raises QueueIsAway.
    """
    try:
        waited: timedelta | None = get_broker().waited()
    except RedisError as error:
        raise QueueIsAway from error
    return LOST_AT_ONCE if waited is None else REQUEUE_AFTER + waited


def _hint(name: str, *args: object, **kwargs: object) -> None:
    """Queue a call by its name. The row is what counts: a sweep replaces a hint that is lost."""
    if not settings.REDIS_URL:
        # A row of the same database, committed with the caller's.
        async_task(name, *args, **kwargs)
        return
    # After the commit, because a worker could look for the row before it.
    transaction.on_commit(partial(_send, name, *args, **kwargs))


def _send(name: str, *args: object, **kwargs: object) -> None:
    try:
        async_task(name, *args, **kwargs)
    except RedisError as error:
        log.warning("Redis is away, a sweep queues it later task=%s error=%s", name, error)
