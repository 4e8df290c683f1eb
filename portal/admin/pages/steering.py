"""What staff may do to a roll-out, by role and by its state."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest

from connect.models import Prune, Rollout, RolloutKind, RolloutStatus
from connect.rollouts import lifecycle
from portal.admin.kit.actions import Staff


class PruneForm(forms.Form):
    """What a roll-back does with the objects that the newer version brought."""

    prune = forms.ChoiceField(
        choices=Prune.choices, initial=Prune.REMOVED, widget=forms.RadioSelect
    )


@dataclass(frozen=True)
class Steer:
    """One thing that staff may do to a roll-out; with `asks` a page comes before it."""

    name: str
    label: str
    permission: str
    legal: tuple[RolloutStatus, ...]
    run: Callable[[int, str, HttpRequest], Rollout]
    asks: str = ""
    hurts: bool = False


def _start(pk: int, actor: str, request: HttpRequest) -> Rollout:
    return lifecycle.start(pk, actor, accept_warnings="accept_warnings" in request.POST)


def _roll_back(pk: int, actor: str, request: HttpRequest) -> Rollout:
    form = PruneForm(request.POST)
    prune = Prune(form.cleaned_data["prune"]) if form.is_valid() else Prune.REMOVED
    return lifecycle.roll_back(pk, actor, prune=prune)


_UNFINISHED = (
    RolloutStatus.CHECKING,
    RolloutStatus.READY,
    RolloutStatus.RUNNING,
    RolloutStatus.PAUSED,
)
_STEER, _PAUSE = "connect.steer_rollout", "connect.pause_rollout"
STEERS: dict[str, Steer] = {
    each.name: each
    for each in (
        Steer(
            "start",
            "Start",
            _STEER,
            (RolloutStatus.READY,),
            _start,
            "The canary group begins at once.",
        ),
        Steer(
            "pause",
            "Pause",
            _PAUSE,
            (RolloutStatus.RUNNING,),
            lambda pk, actor, _: lifecycle.pause(pk, actor),
        ),
        Steer(
            "resume",
            "Resume",
            _STEER,
            (RolloutStatus.PAUSED,),
            lambda pk, actor, _: lifecycle.resume(pk, actor),
        ),
        Steer(
            "retry",
            "Retry failed",
            _STEER,
            (RolloutStatus.RUNNING, RolloutStatus.PAUSED, RolloutStatus.DONE),
            lambda pk, actor, _: lifecycle.retry(pk, actor),
        ),
        Steer(
            "cancel",
            "Cancel",
            _STEER,
            _UNFINISHED,
            lambda pk, actor, _: lifecycle.cancel(pk, actor),
            "Tenants that were not begun are skipped; those in progress are brought to an end.",
            hurts=True,
        ),
        Steer(
            "roll_back",
            "Roll back",
            _STEER,
            (RolloutStatus.PAUSED, RolloutStatus.CANCELLED, RolloutStatus.DONE),
            _roll_back,
            "Every tenant that was sent to goes back to the version that it had before.",
            hurts=True,
        ),
    )
}


def fitting(user: Staff, rollout: Rollout) -> list[Steer]:
    """Return what the role permits and the roll-out's state allows."""
    found = [
        each
        for each in STEERS.values()
        if rollout.status in each.legal and user.has_perm(each.permission)
    ]
    mappings = rollout.kind == RolloutKind.MAPPINGS
    return found if mappings else [each for each in found if each.name != "roll_back"]
