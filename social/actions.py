"""The action on posts: collect them now."""

from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Action, Options, Target, register, work_on_all
from social import collection, tasks
from social.models import CollectionRun, RunOutcome, Trigger

# One that was interrupted is continued by the next run.
_OUTCOMES = {
    RunOutcome.RUNNING: OperationOutcome.PARTLY,
    RunOutcome.INTERRUPTED: OperationOutcome.PARTLY,
    RunOutcome.PARTIAL: OperationOutcome.PARTLY,
    RunOutcome.DONE: OperationOutcome.DONE,
    RunOutcome.FAILED: OperationOutcome.FAILED,
}


def _refusal(target: Target) -> str:
    return collection.refusal()


def _collect(target: Target, actor: str, options: Options) -> Report:
    try:
        run = tasks.run(Trigger.STAFF, actor)
    except collection.CollectionRefused as reason:
        return Report(OperationOutcome.SKIPPED, "", str(reason))
    return Report(_OUTCOMES[RunOutcome(run.outcome)], tasks.text_of(run))


def _name(target: Target) -> str:
    return "all tenants"


register(
    Action(
        "collect",
        "Collect now",
        "Collects posts for all tenants at once, and does not wait for the schedule.",
        (CollectionRun,),
        "social.run_collection",
        work_on_all(_collect),
        _refusal,
        of_rows=False,
        naming=_name,
    ),
)
