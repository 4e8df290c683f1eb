"""Actions on a bulk run, and the work on one of its tenants."""

from collections.abc import Sequence

from connect.operations.base import OperationOutcome, Report
from portal import bulk
from portal.actions import action as registry
from portal.actions.action import Action, Options
from portal.actions.result import Result, done, skipped
from portal.actions.subject import Subject, start_bulk_run
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants.models import Tenant

LEFT = (BulkItemStatus.FAILED, BulkItemStatus.CANCELLED)


def perform(run: BulkRun, item: BulkItem) -> Report:
    """Run the action of a bulk run on one item."""
    # An action on tenants has the same name on every list that it was pressed in.
    action, subject = registry.of(Tenant).get(run.action), Subject(item.tenant, item.connection)
    # A release may have taken the action away since staff pressed the button.
    if action is None or action.perform is None:
        return Report(OperationOutcome.FAILED, "", f"there is no action “{run.action}” any more")
    # Asked again, because the tenant may have changed too.
    reason = action.refusal(subject)
    if reason:
        return Report(OperationOutcome.SKIPPED, "", reason)
    return action.perform(subject, run.actor, run.options)


bulk.register(perform)


def _permission(run: BulkRun) -> str:
    """Return the permission of the run's action: it also allows to stop and repeat the run."""
    action = registry.of(Tenant).get(run.action)
    return str(action.permission) if action else ""


def _refusal_to_cancel(run: BulkRun) -> str:
    if run.cancelled_at:
        return "it is already cancelled"
    return "it is finished" if run.finished_at else ""


def _cancel(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    (run,) = targets
    left = bulk.cancel(run.pk, actor)
    if left is None:
        return skipped(run, "it has ended already")
    return done(run, f"{left} of {run.total} were not started.")


def _refusal_to_repeat(run: BulkRun) -> str:
    if not run.finished_at:
        return "it is not finished"
    if run.action not in registry.of(Tenant):
        return f"there is no action “{run.action}” any more"
    return "" if run.items.filter(status__in=LEFT).exists() else "nothing in it failed"


def _repeat(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    (run,) = targets
    left = run.items.filter(status__in=LEFT).select_related("tenant", "connection")
    subjects = [Subject(item.tenant, item.connection) for item in left]
    action = registry.of(Tenant).get(run.action)
    if action is None or not subjects:
        return skipped(run, _refusal_to_repeat(run))
    return start_bulk_run(action, subjects, actor, run.options)


ACTIONS = (
    Action(
        "cancel",
        "Cancel the rest",
        "Stops the run after the current tenant.",
        (BulkRun,),
        _permission,
        _cancel,
        _refusal_to_cancel,
    ),
    Action(
        "again",
        "Try again",
        "Starts a new run over the tenants that failed or were cancelled.",
        (BulkRun,),
        _permission,
        _repeat,
        _refusal_to_repeat,
        moves_on=True,
    ),
)
