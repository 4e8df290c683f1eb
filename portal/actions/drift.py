"""Actions on a tenant that has drifted from its version: bring it back, or accept the drift."""

from collections.abc import Sequence
from typing import Any

from django import forms

from connect.mappings import drift
from connect.models import Drift, DriftState
from connect.rollouts import restore
from connect.rollouts.status import TransitionRefused
from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.result import Result, Unmet, done, queued, skipped
from portal.actions.rollouts import what_follows

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


def _refusal_to_bring_back(row: Drift) -> str:
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
    return [
        f"{change['object_name']} {change['name']}: {change['kind'].replace('_', ' ')}"
        for row in targets
        for change in row.changes
    ]


ACTIONS = (
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
