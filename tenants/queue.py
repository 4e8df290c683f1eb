"""The one way to queue a task.

Callers pass the function itself, so the type checker sees a wrong argument or a renamed function,
and import-linter sees an import that goes upwards. The queue stores the function's dotted name
and not the function: a worker that unpickles a function which no longer exists dies, is started
again and reads the same row again. An unknown name only ends as a failed task that staff can see.
"""

from collections.abc import Callable
from typing import ParamSpec

from django_q.models import Task
from django_q.tasks import async_task

P = ParamSpec("P")


def enqueue(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Queue a call of a module's function, in the caller's transaction if there is one.

    Arguments are ids and names, never a secret: they are stored, and staff can read them. No
    keyword may be named like an option of django-q2's `async_task`, such as group or timeout.
    """
    async_task(name_of(function), *args, **kwargs)


def enqueue_as(
    task_name: str, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Queue a call under a name that staff can search the queue for, such as "pause 12"."""
    async_task(name_of(function), *args, **kwargs, q_options={"task_name": task_name})


def enqueue_again(task: Task, **changed: object) -> None:
    """Queue a task again that ran before, with some of its keyword arguments changed."""
    options = {"task_name": task.name}
    async_task(
        task.func, *(task.args or ()), **{**(task.kwargs or {}), **changed}, q_options=options
    )


def name_of(function: Callable[..., object]) -> str:
    """Return the dotted name under which a worker finds a function."""
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__} cannot be found by its name")
    return f"{function.__module__}.{function.__qualname__}"
