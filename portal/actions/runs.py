"""A press becomes a run: stored with its targets in one transaction, then done by the worker."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from connect.clients.budget import APIS
from connect.formats import format_time
from connect.operations.base import OperationOutcome, Report
from portal import bulk
from portal.actions import action as registry
from portal.actions import since
from portal.actions.action import Action, Options, Target, Work
from portal.actions.result import Result, queued
from portal.models import BulkItem, BulkRun
from tenants import messages

_UNAPPROVED = "It is cancelled if no other manager approves it until"
_NO_ANSWERS: Mapping[Target, Options] = {}
ALONE_PER_HOUR = 2  # targets of a destructive action, before a second manager is asked


def start(
    action: Action,
    targets: Sequence[Target],
    actor: str,
    options: Options,
    key: UUID | None = None,
    *,
    undoes: BulkRun | None = None,
    own: Mapping[Target, Options] = _NO_ANSWERS,
) -> Result:
    """Store a run, whose page is the result's; a second one with the same key is not stored.

    The worker asks for each target in its turn whether the action is possible. `own` are answers
    for single targets.
    """
    assert isinstance(action.how, Work)  # noqa: S101  (other actions are done at once)
    chosen = list(dict.fromkeys(targets))  # several rows may be about the same connection
    about = action.naming(chosen[0]) if len(chosen) == 1 else action.counted(len(chosen))
    run = BulkRun(
        model=action.models[0]._meta.label_lower,
        action=action.name,
        label=action.label,
        options=dict(options),
        actor=actor,
        about=about[: BulkRun._meta.get_field("about").max_length],
        total=len(chosen),
        key=key,
        undoes=undoes,
    )
    items = [_item(action, run, action.how, each) for each in chosen]
    for target, item in zip(chosen, items, strict=True):
        item.options = dict(own.get(target, {}))
    stored = _store(action, run, items)
    if stored is not run:
        return _sent_before(stored)
    return _held(run, run.approval_by) if run.approval_by else queued(about, then=run)


@transaction.atomic
def _store(action: Action, run: BulkRun, items: list[BulkItem]) -> BulkRun:
    """Store a run; it waits for a second manager if it needs one."""
    if settings.TWO_PERSON_APPROVAL and needs_another(action, run):
        bulk.hold(run)
    stored = bulk.start(run, items)
    if stored is run and run.approval_by:
        _tell_managers(run, run.approval_by)
    return stored


def _tell_managers(run: BulkRun, until: datetime) -> None:
    messages.notify_staff(
        None,
        key=f"approval:{run.pk}",
        subject=f"A second manager is needed: {run}",
        text=f"{run.actor} asked for it. {_UNAPPROVED} {format_time(until)}.",
        about=run,
    )


def needs_another(action: Action, run: BulkRun) -> bool:
    """Return whether it is about many, or one more after some that the person did one by one.

    Called in the transaction that stores the run.
    """
    if action.alone or not action.destructive:
        return False
    if run.total > 1:
        return True
    _one_at_a_time(run.actor)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    own = BulkRun.objects.filter(actor=run.actor, model=run.model, action=run.action)
    return own.filter(created_at__gt=an_hour_ago).count() >= ALONE_PER_HOUR


def _one_at_a_time(actor: str) -> None:
    """Wait until other presses of a person are stored, so that they are counted."""
    with connection.cursor() as cursor:
        query = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        cursor.execute(query, [f"portal.actions.runs:{actor}"])


def _item(action: Action, run: BulkRun, work: Work, target: Target) -> BulkItem:
    name = action.naming(target)[: BulkItem._meta.get_field("name").max_length]
    return BulkItem(run=run, name=name, **work.store(target))


def _held(run: BulkRun, until: datetime) -> Result:
    text = f"waits for a second manager, for {run.about}."
    return Result(f"{text} {_UNAPPROVED} {format_time(until)}.", then=run)


def _sent_before(run: BulkRun) -> Result:
    at = f"{timezone.localtime(run.created_at):%H:%M:%S}"
    text = f"was sent before, at {at}, for {run.about}. It runs once. Reload the page to repeat it."
    return Result(text, then=run)


def action_of(run: BulkRun) -> Action | None:
    """Return the action of a run; None if a release took it away since the press."""
    try:
        model = apps.get_model(run.model)
    except LookupError:  # a use case that was removed
        return None
    found = registry.of(model).get(run.action)
    return found if found and isinstance(found.how, Work) else None


def apis(run: BulkRun) -> Sequence[str]:
    """Return the APIs of Heroku that a run calls."""
    action = action_of(run)
    return action.how.calls if action and isinstance(action.how, Work) else tuple(APIS)


def perform(run: BulkRun, item: BulkItem) -> Report:
    """Do the action of a run on one target."""
    action = action_of(run)
    if action is None or not isinstance(action.how, Work):
        text = f"there is no action “{run.action}” any more"
        return Report(OperationOutcome.FAILED, "", text)
    target = action.how.load(item)
    if target is None:
        return Report(OperationOutcome.SKIPPED, "", "it has gone")
    # Asked again, because the target may have changed since staff pressed the button.
    reason = since.in_turn(run, item) or action.refusal(target)
    if reason:
        return Report(OperationOutcome.SKIPPED, "", reason)
    return action.how.perform(target, run.actor, {**run.options, **item.options})


def of(model: type[Model], target: Target) -> QuerySet[BulkItem]:
    """Return what was pressed on a target, the newest first; nothing if all is done at once."""
    for action in registry.of(model).values():
        if isinstance(action.how, Work) and action.of_rows:
            found = BulkItem.objects.filter(**action.how.store(target))
            return found.select_related("run").order_by("-pk")
    return BulkItem.objects.none()


bulk.register(perform, apis)
