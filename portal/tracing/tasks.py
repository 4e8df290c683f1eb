"""A span for each task that a worker's process runs."""

from contextlib import ExitStack
from typing import Any

from django_q.signals import post_execute_in_worker, pre_execute

from tenants import tracing
from tenants.tracing import Note, SpanKind


class _Running:
    """The span of the task that runs in this process: there is one at a time."""

    span = ExitStack()
    note: Note


def follow() -> None:
    """Follow the tasks of this process and of those that it forks."""
    pre_execute.connect(_begin)
    post_execute_in_worker.connect(_end)


def _begin(task: dict[str, Any], **_: object) -> None:
    _Running.span.close()  # of a task that has not ended in order
    # The arguments are ids, but a name may hold what staff have typed.
    facts = {"code.function.name": str(task["func"]), "multiconnect.task_id": str(task["id"])}
    span = tracing.span(SpanKind.CONSUMER, f"task {task['func']}", facts)
    _Running.note = _Running.span.enter_context(span)


def _end(task: dict[str, Any], **_: object) -> None:
    if not task.get("success"):
        _Running.note("error.type", "task")
    _Running.span.close()
