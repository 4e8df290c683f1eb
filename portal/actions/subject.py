"""A tenant with its connection: what most actions are run on, by a button or in a bulk run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connect.models import Connection, Diagnosis, Health, Notification
from connect.operations.base import Report
from portal import bulk
from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.result import Result, queued
from portal.models import BulkItem, BulkRun
from tenants.models import Tenant

# Wherever a tenant or its connection is shown, the same actions are offered.
MODELS = (Tenant, Connection, Health, Diagnosis, Notification)


@dataclass(frozen=True)
class Subject:
    """A tenant, and its connection if it has one."""

    tenant: Tenant
    connection: Connection | None

    def __str__(self) -> str:
        return str(self.tenant)


def subject_action(
    name: str,
    label: str,
    explains: str,
    *,
    permission: str,
    refusal: Callable[[Subject], str],
    enqueue: Callable[[Subject, str, Options], None],
    perform: Callable[[Subject, str, Options], Report],
    form: type[Question] | None = None,
    destructive: bool = False,
    moves_on: bool = False,
) -> Action:
    """Make an action on tenants: one is queued as a task, several become a bulk run."""

    def run(targets: Sequence[Subject], actor: str, options: Options) -> Result:
        for subject in targets:
            enqueue(subject, actor, options)
        return queued(", ".join(map(str, targets)))

    return Action(
        name,
        label,
        explains,
        MODELS,
        permission,
        run,
        refusal,
        form=form,
        destructive=destructive,
        perform=perform,
        in_bulk=True,
        moves_on=moves_on,
    )


def start_bulk_run(
    action: Action, targets: Sequence[Subject], actor: str, options: Options
) -> Result:
    """Store a bulk run; the worker asks for each tenant in turn whether it is possible."""
    chosen = list(dict.fromkeys(targets))  # several rows may be about the same connection
    run = BulkRun(
        action=action.name,
        label=action.label,
        options=dict(options),
        actor=actor,
        total=len(chosen),
    )
    items = [BulkItem(run=run, tenant=each.tenant, connection=each.connection) for each in chosen]
    plural = "" if run.total == 1 else "s"
    return queued(f"{run.total} tenant{plural}", then=bulk.start(run, items))
