"""Actions on a run: stop it, or do again what is left of it."""

from collections.abc import Sequence
from uuid import NAMESPACE_OID, uuid5

from portal import bulk
from portal.actions import runs, undoing
from portal.actions.action import Action, Options, Reach, Target, Work
from portal.actions.result import Result, Unmet, done, skipped
from portal.models import BulkItem, BulkItemStatus, BulkRun

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


def _left(run: BulkRun, action: Action) -> dict[Target, BulkItem]:
    """Return what failed or was cancelled, without what has gone."""
    assert isinstance(action.how, Work)  # noqa: S101  (runs have no others)
    items = run.items.filter(status__in=LEFT).order_by("pk")
    with_rows = items.select_related("tenant__owner", "connection__tenant__owner")
    loaded = ((action.how.load(item), item) for item in with_rows)
    return {target: item for target, item in loaded if target is not None}


def _reach_again(run: BulkRun, actor: str) -> Reach:
    """Return what a run would be tried again on."""
    action = runs.action_of(run)
    if action is None:
        return Reach("", [], [])
    left = {each: action.refusal_for(each, actor) for each in _left(run, action)}
    return Reach(
        f"{action.label}: {action.explains}",
        [action.naming(each) for each, reason in left.items() if not reason],
        [Unmet(action.naming(each), reason) for each, reason in left.items() if reason],
    )


def _repeat(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    (run,) = targets
    action = runs.action_of(run)
    assert action is not None  # noqa: S101  (refusal was asked)
    left = _left(run, action)
    if not left:
        return skipped(run, _refusal_to_repeat(run) or "what is left of it has gone")
    # Once: what is left of the new run is tried again on its own page.
    key = uuid5(NAMESPACE_OID, f"again {run.pk}")
    own = {target: item.options for target, item in left.items()}
    return runs.start(action, list(left), actor, run.options, key, undoes=run.undoes, own=own)


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
        previews=True,
        guarded=True,
        moves_on=True,
        reach=_reach_again,
    ),
    Action(
        "undo",
        "Undo",
        "Puts back exactly what this run changed. What has changed again since is skipped.",
        (BulkRun,),
        undoing.permission,
        undoing.undo,
        undoing.refusal,
        previews=True,
        reach=undoing.reach,
    ),
)
