"""Actions on a run: stop it, or do again what is left of it."""

from collections.abc import Sequence
from uuid import NAMESPACE_OID, uuid5

from portal import bulk
from portal.actions import runs
from portal.actions.action import Action, Options, Work
from portal.actions.result import Result, done, skipped
from portal.models import BulkItemStatus, BulkRun

LEFT = (BulkItemStatus.FAILED, BulkItemStatus.CANCELLED)


def _permission(run: BulkRun) -> str:
    """Return the permission of the run's action: it also allows to stop and repeat the run."""
    action = runs.action_of(run)
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
    if runs.action_of(run) is None:
        return f"there is no action “{run.action}” any more"
    return "" if run.items.filter(status__in=LEFT).exists() else "nothing in it failed"


def _repeat(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    (run,) = targets
    action = runs.action_of(run)
    assert action is not None  # noqa: S101  (refusal was asked)
    assert isinstance(action.how, Work)  # noqa: S101
    left = run.items.filter(status__in=LEFT).select_related("tenant", "connection__tenant")
    found = [target for item in left if (target := action.how.load(item)) is not None]
    if not found:
        return skipped(run, _refusal_to_repeat(run) or "what is left of it has gone")
    # Once: what is left of the new run is tried again on its own page.
    return runs.start(action, found, actor, run.options, uuid5(NAMESPACE_OID, f"again {run.pk}"))


def _refusal_to_approve(run: BulkRun) -> str:
    if run.finished_at or run.cancelled_at or not run.approval_by:
        return "it waits for no approval"
    return ""


def _not_by_the_asker(run: BulkRun, actor: str) -> str:
    own = "you asked for it yourself, and a second person must approve it"
    return own if run.actor == actor else ""


def _approve(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    (run,) = targets
    if reason := _not_by_the_asker(run, actor):
        return skipped(run, reason)
    if not bulk.approve(run.pk, actor):
        return skipped(run, "it no longer waits for an approval")
    return done(run, "It runs now.")


ACTIONS = (
    Action(
        "approve",
        "Approve",
        "Lets the run start. Somebody else than the person who asked for it must approve it.",
        (BulkRun,),
        _permission,
        _approve,
        _refusal_to_approve,
        guarded=True,
        moves_on=True,
        not_by=_not_by_the_asker,
    ),
    Action(
        "cancel",
        "Cancel the rest",
        "Stops the run after the current target.",
        (BulkRun,),
        _permission,
        _cancel,
        _refusal_to_cancel,
    ),
    Action(
        "again",
        "Try again",
        "Starts a new run over what failed or was cancelled.",
        (BulkRun,),
        _permission,
        _repeat,
        _refusal_to_repeat,
        guarded=True,
        moves_on=True,
    ),
)
