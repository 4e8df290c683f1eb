"""Actions on a tenant that has drifted: compare it, bring it back, correct it, or accept it."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from connect.mappings import corrections, diff, drift, last_seen
from connect.mappings.changes import with_cost
from connect.models import Drift, DriftState
from connect.operations import base
from connect.operations.base import Operation, Report
from connect.operations.following import CORRECT, OPERATIONS
from connect.rollouts import restore
from connect.rollouts.status import TransitionRefused
from portal.actions import corrected_version
from portal.actions.action import Action, Options, Work
from portal.actions.forms import Question
from portal.actions.result import Result, Unmet, done, queued, skipped
from portal.actions.rollouts import what_follows
from portal.models import BulkItem

_COMPARE = OPERATIONS["compare"]
NOT_FREE = "it has not drifted any more, is not live, or is in another roll-out"


class AcceptForm(Question):
    """Why a tenant may differ; `fingerprint` is of the differences that the page shows."""

    reason = forms.CharField(
        max_length=500,
        label="Reason",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Please give a reason."},
    )
    # Staff accept what they have seen: if it differs by now, the acceptance is refused.
    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def known(self) -> dict[str, Any]:
        return {"fingerprint": self.targets[0].fingerprint if self.targets else ""}


def _name(row: Drift) -> str:
    return str(row.connection.tenant)


def _work(operation: Operation) -> Work:
    """Return the worker's part of an operation on a row's connection."""

    def perform(row: Drift, actor: str, options: Options) -> Report:
        return base.perform(operation, row.connection_id, actor, options)

    return Work(perform, _store, _load)


def _store(row: Drift) -> dict[str, Any]:
    connection = row.connection
    return {"tenant": connection.tenant, "connection": connection, "target": {}}


def _load(item: BulkItem) -> Drift | None:
    found = Drift.objects.select_related("connection__tenant", "connection__template")
    return found.filter(connection=item.connection).first()


def _refusal_of(operation: Operation) -> Callable[[Drift], str]:
    return lambda row: operation.refusal(row.connection)


def _refusal_to_bring_back(row: Drift) -> str:
    if row.org_changes and not row.changes:
        return "its mappings are those of its version; what has changed is its org"
    differs = row.state in (DriftState.DRIFTED, DriftState.ACCEPTED)
    return "" if differs else "it has not drifted"


def _refusal_to_accept(row: Drift) -> str:
    return "" if row.state == DriftState.DRIFTED else "it has not drifted"


def _bring_back(targets: Sequence[Drift], actor: str, options: Options) -> Result:
    whom = ", ".join(map(_name, targets)) if len(targets) < 4 else f"{len(targets)} tenants"
    try:
        rollout = restore.bring_back([row.pk for row in targets], actor)
    except (drift.DriftRefused, TransitionRefused) as reason:
        return skipped(whom, reason)
    joined = set(rollout.items.values_list("connection_id", flat=True))
    left_out = [Unmet(_name(row), NOT_FREE) for row in targets if row.connection_id not in joined]
    made = f"{rollout} was created for {len(joined)} of {len(targets)}"
    more = f"{made}. {what_follows(rollout)}"
    return queued(whom, more).with_skipped(left_out)


def _accept(targets: Sequence[Drift], actor: str, options: Options) -> Result:
    (row,) = targets
    try:
        drift.accept(row.pk, options["fingerprint"], actor, options["reason"])
    except drift.DriftRefused as reason:
        return skipped(_name(row), reason)
    return done(_name(row), "Accepted until it differs in another way.")


def _differences(targets: Sequence[Drift]) -> list[str]:
    lines: list[str] = []
    for row in targets:
        lines += [
            f"{change['object_name']} {change['name']}: {change['kind'].replace('_', ' ')}"
            for change in row.changes
        ]
        lines += [f"{each} {each.advice}" for each in drift.faults(row)]
    return lines


def _corrections(targets: Sequence[Drift]) -> list[str]:
    """Return what a correction follows, what it changes of the live mappings, and the cost."""
    lines: list[str] = []
    for row in targets:
        lines += [f"{each} {each.advice}" for each in drift.faults(row)]
        live, rows = last_seen.document(row.connection), last_seen.row_counts(row.connection)
        wanted = corrections.corrected(live, drift.faults(row))
        lines += [with_cost(each, rows) for each in diff.compare(live, wanted)]
    return lines


ACTIONS = (
    Action(
        "compare",
        "Compare now",
        "Compares its mappings with its version, and with what its org has now.",
        (Drift,),
        "connect.refresh_connection",
        _work(_COMPARE),
        _refusal_of(_COMPARE),
        in_bulk=True,
        naming=_name,
    ),
    Action(
        "correct_version",
        "Make the corrected version",
        "Makes the next mapping version, which follows the change in this org. Nothing is sent.",
        (Drift,),
        "connect.add_mappingtemplate",
        corrected_version.make,
        corrected_version.refusal,
        corrected_version.details,
        previews=True,
        naming=_name,
    ),
    Action(
        "correct",
        "Correct for this tenant",
        "Changes this tenant's mappings alone, and accepts that they differ from its version.",
        (Drift,),
        "connect.accept_drift",
        _work(CORRECT),
        _refusal_of(CORRECT),
        _corrections,
        AcceptForm,
        naming=_name,
    ),
    Action(
        "bring_back",
        "Bring back",
        "Makes a roll-out that sends each tenant its own version again.",
        (Drift,),
        "connect.restore_drift",
        _bring_back,
        _refusal_to_bring_back,
        in_bulk=True,
        moves_on=True,
        naming=_name,
    ),
    Action(
        "accept",
        "Accept as an exception",
        "The tenant no longer counts as drifted, until it differs in another way.",
        (Drift,),
        "connect.accept_drift",
        _accept,
        _refusal_to_accept,
        _differences,
        AcceptForm,
        naming=_name,
    ),
)
