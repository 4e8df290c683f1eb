"""The action on a task that ran: put it into the queue again."""

from collections.abc import Sequence

from django.db import transaction
from django_q.models import Failure, Success, Task

from connect.formats import counted
from portal.actions.action import Action, Options
from portal.actions.log import log
from portal.actions.result import Result, queued
from tenants.queue import enqueue_again


def _queue_again(targets: Sequence[Task], actor: str, options: Options) -> Result:
    """Queue tasks again. A task that acts for a user acts for the one who resubmits it."""
    with transaction.atomic():
        for task in targets:
            enqueue_again(task, **({"actor": actor} if "actor" in (task.kwargs or {}) else {}))
        log(actor, targets, "Resubmitted to the queue.")
        # What is queued again no longer counts as failed.
        Failure.objects.filter(pk__in=[task.pk for task in targets]).delete()
    return queued(counted(len(targets), "task"))


def _calls(targets: Sequence[Task]) -> list[str]:
    return [f"{task.name}: {task.func} {task.args or ''}".strip() for task in targets]


ACTIONS = (
    Action(
        "queue_again",
        "Resubmit to the queue",
        "Runs the task again. Where a task acts for a user, that is now you.",
        (Success, Failure),
        "django_q.add_ormq",
        _queue_again,
        details=_calls,
        previews=True,  # the task may be one that cannot be undone
        in_bulk=True,
    ),
)
