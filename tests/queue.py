"""The task queue: what is in it, and what a worker would run, in this thread and in order."""

from typing import Any

from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage

ROUNDS = 500


def queued() -> list[dict[str, Any]]:
    """Return the tasks in the queue, oldest first."""
    return [row.task for row in OrmQ.objects.order_by("pk")]


def queued_calls() -> list[tuple[str, tuple[Any, ...]]]:
    """Return the function and the arguments of each task in the queue, oldest first."""
    return [(task["func"], task["args"]) for task in queued()]


def drain() -> list[str]:
    """Run queued tasks, and those that they queue, until none is left; return their names."""
    done: list[str] = []
    for _ in range(ROUNDS):
        name = run_first()
        if name is None:
            return done
        done.append(name)
    raise AssertionError(f"the queue never empties: {done[-5:]}")


def run_first() -> str | None:
    """Run the oldest task and return its name; None if the queue is empty."""
    row = OrmQ.objects.order_by("pk").first()
    if row is None:
        return None
    task: dict[str, Any] = SignedPackage.loads(row.payload)
    row.delete()
    import_string(task["func"])(*task["args"], **task.get("kwargs", {}))
    return str(task["func"])
