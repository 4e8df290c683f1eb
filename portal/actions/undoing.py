"""Undoing a run: the opposite of its action, for exactly the targets that it changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from portal.actions import action as registry
from portal.actions import opposites, runs, since
from portal.actions.action import Action, Options, Reach, Staff, Target, Work
from portal.actions.opposites import Opposite
from portal.actions.result import Result, Unmet, skipped
from portal.models import BulkItem, BulkRun
from portal.outcomes import CHANGED, OPEN


@dataclass(frozen=True)
class Undo:
    """A target that a run changed, and why its opposite is not possible, or ""."""

    item: BulkItem
    target: Target
    reason: str


def opposite_of(run: BulkRun) -> tuple[Action, Opposite] | None:
    """Return what undoes a run, None if nothing does."""
    done, opposite = runs.action_of(run), opposites.of(run.action)
    if done is None or opposite is None:
        return None
    return registry.of(done.models[0])[opposite.name], opposite


def permission(run: BulkRun) -> str:
    """Return the permission of what undoes a run; "" is nobody's."""
    found = opposite_of(run)
    return str(found[0].permission) if found else ""


def refusal(run: BulkRun) -> str:
    """Return why a run cannot be undone, "" if it can."""
    if opposite_of(run) is None:
        return f"nothing undoes “{run.label}”"
    if not run.finished_at:
        return "it is not finished"
    later = run.undone_by.first()
    if later:
        return f"run {later.pk} undoes it"
    return "" if since.changed(run).exists() else "it changed nothing"


def reach(run: BulkRun, actor: str) -> Reach:
    """Return what undoing a run would be done to, and whom it would skip and why."""
    found = opposite_of(run)
    if found is None:
        return Reach("", [], [])
    action, opposite = found
    each = list(_judged(run, action, opposite, actor))
    return Reach(
        opposite.does,
        [undo.item.name for undo in each if not undo.reason],
        [Unmet(undo.item.name, undo.reason) for undo in each if undo.reason],
    )


def undo(targets: Sequence[BulkRun], actor: str, options: Options) -> Result:
    """Start the run that undoes another one."""
    (run,) = targets
    found = opposite_of(run)
    if found is None:
        return skipped(run, refusal(run))
    action, opposite = found
    judged = list(_judged(run, action, opposite, actor))
    chosen = [each for each in judged if not each.reason]
    if not chosen:
        return Result(skipped=[Unmet(each.item.name, each.reason) for each in judged])
    answers = {each.target: opposite.options(each.item.before) for each in chosen}
    # Once: a second run could only find what the first one has changed.
    key = uuid5(NAMESPACE_OID, f"undo {run.pk}")
    return runs.start(action, list(answers), actor, {}, key, undoes=run, own=answers)


def offered(presses: Iterable[BulkItem], user: Staff) -> set[int]:
    """Return the keys of those presses on one row, the newest first, that a user may undo there.

    A run of many is undone on its own page. An older press of the same kind was changed since.
    """
    found, seen = set(), set()
    for item in presses:
        opposite = opposite_of(item.run)
        if opposite is None or item.status not in (*OPEN, *CHANGED):
            continue
        kind = f"{sorted(opposites.family(item.run.action))} {item.target} {item.before.get('tag')}"
        is_undoable = item.status in CHANGED and item.run.finished_at and item.run.total == 1
        if kind not in seen and is_undoable and opposite[0].allows(user):
            found.add(item.pk)
        seen.add(kind)
    return found


def _judged(run: BulkRun, action: Action, opposite: Opposite, actor: str) -> Iterator[Undo]:
    assert isinstance(action.how, Work)  # noqa: S101  (only runs have opposites)
    items = since.changed(run).order_by("pk")
    later = since.later(run, items.order_by())
    for item in items.select_related("tenant__owner", "connection__tenant__owner"):
        target = action.how.load(item)
        if target is None:
            yield Undo(item, None, "it has gone")
            continue
        reason = since.why(item, later) or opposite.refusal(item.before)
        yield Undo(item, target, reason or action.refusal_for(target, actor))
