"""Actions on a roll-out: each is a transition from some statuses to another."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django import forms

from connect.formats import counted
from connect.models import Prune, Rollout, RolloutKind, RolloutStatus
from connect.rollouts import approval, left_out, lifecycle, warnings
from connect.rollouts.status import TransitionRefused
from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.result import Result, done, queued, skipped

_CONTROL, _PAUSE = "connect.steer_rollout", "connect.pause_rollout"
_UNFINISHED = (
    RolloutStatus.CHECKING,
    RolloutStatus.READY,
    RolloutStatus.RUNNING,
    RolloutStatus.PAUSED,
)


class StartForm(Question):
    """Asks to accept the warnings of the check, if there are any. Errors cannot be accepted."""

    accept_warnings = forms.BooleanField(required=False, label="I have read the warnings")

    def __init__(self, data: object = None, *, targets: Sequence[Rollout]) -> None:
        super().__init__(data, targets=targets)
        self.warned = sum(warnings.items(each).count() for each in targets)
        if not self.warned:
            del self.fields["accept_warnings"]

    def clean_accept_warnings(self) -> bool:
        if not self.cleaned_data["accept_warnings"]:
            count = counted(self.warned, "tenant")
            raise forms.ValidationError(
                f"The check warns of {count}. Read the warnings above, then tick the box."
            )
        return True


class PruneForm(Question):
    """What a roll-back does with objects that the version of before does not have."""

    prune = forms.ChoiceField(
        label="Mapped objects that the version before does not have",
        choices=[
            (Prune.REMOVED, "Delete those that this roll-out added; keep those added by hand"),
            (Prune.ALL, "Delete all of them, also those added by hand"),
            (Prune.KEEP, "Delete nothing"),
        ],
        initial=Prune.REMOVED,
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True)
class Transition:
    """A permitted change of a roll-out's status. `go` raises TransitionRefused.

    `follows` says of the roll-out what the worker does then; None if all is done at once.
    """

    origins: tuple[RolloutStatus, ...]
    go: Callable[[int, str, Options], Rollout]
    follows: Callable[[Rollout], str] | None = None

    def refusal(self, rollout: Rollout) -> str:
        """Return why the roll-out's status does not allow it, or ""."""
        if rollout.status in self.origins:
            return ""
        return f"it is {rollout.get_status_display().lower()}"

    def run(self, targets: Sequence[Rollout], actor: str, options: Options) -> Result:
        """Change one roll-out; the page shown next is that of the roll-out that is made, if any."""
        (rollout,) = targets
        try:
            changed = self.go(rollout.pk, actor, options)
        except TransitionRefused as reason:
            return skipped(rollout, reason)
        if self.follows:
            return queued(rollout, self.follows(changed), then=changed)
        return done(rollout, then=changed)


class _RollBack(Transition):
    def refusal(self, rollout: Rollout) -> str:
        if rollout.kind != RolloutKind.MAPPINGS:
            return "only mappings can be rolled back: Salesforce API versions are changed by hand"
        if rollout.status == RolloutStatus.REFUSED:
            return "nothing was sent to any tenant"
        return super().refusal(rollout)


def what_follows(rollout: Rollout) -> str:
    """Return what happens after the check of a roll-out that was just made."""
    if rollout.starts_itself:
        return "It starts automatically after the check."
    return "It deletes mapped objects, so a second person must start it after the check."


class _Retry(Transition):
    def refusal(self, rollout: Rollout) -> str:
        reason = super().refusal(rollout)
        # The table in the documentation asks about statuses, without a stored roll-out.
        if reason or rollout.pk is None:
            return reason
        return "" if lifecycle.items_to_retry(rollout) else lifecycle.NOTHING_TO_RETRY


def _before_the_start(targets: Sequence[Rollout]) -> list[str]:
    """Return who is left out because of the check, and its warnings."""
    lines = [left_out.sentence(left_out.refused(rollout)) for rollout in targets]
    lines += [str(warning) for rollout in targets for warning in warnings.of(rollout)]
    return [line for line in lines if line]


def _ways_back(targets: Sequence[Rollout]) -> list[str]:
    """Return from which version to which, and how many tenants."""
    counts = Counter(
        (rollout.template, before)
        for rollout in targets
        for before in lifecycle.versions_before(rollout).values()
    )
    return [
        f"{counted(number, 'tenant')}: from {now or 'the present version'} back to {before}."
        for (now, before), number in counts.most_common()
    ]


def _start(pk: int, actor: str, options: Options) -> Rollout:
    return lifecycle.start(pk, actor, accept_warnings=options.get("accept_warnings", False))


def _action(
    name: str,
    label: str,
    explains: str,
    permission: str,
    transition: Transition,
    *,
    details: Callable[[Sequence[Rollout]], list[str]] = lambda targets: [],
    form: type[Question] | None = None,
    destructive: bool = False,
    guarded: bool = False,
    moves_on: bool = False,
    not_by: Callable[[Rollout, str], str] = lambda rollout, actor: "",
) -> Action:
    return Action(
        name,
        label,
        explains,
        (Rollout,),
        permission,
        transition.run,
        transition.refusal,
        details,
        form,
        destructive=destructive,
        guarded=guarded,
        moves_on=moves_on,
        not_by=not_by,
    )


ACTIONS = (
    _action(
        "start",
        "Start",
        "The first wave starts at once. Where mapped objects are deleted from many tenants, "
        "somebody else than the author must start it.",
        _CONTROL,
        Transition((RolloutStatus.READY,), _start),
        details=_before_the_start,
        form=StartForm,
        guarded=True,
        moves_on=True,
        not_by=approval.refusal,
    ),
    _action(
        "pause",
        "Pause",
        "No further tenant is started; those in progress are finished.",
        _PAUSE,
        Transition((RolloutStatus.RUNNING,), lambda pk, actor, options: lifecycle.pause(pk, actor)),
    ),
    _action(
        "resume",
        "Resume",
        "Continues after a pause, despite what has failed so far.",
        _CONTROL,
        Transition((RolloutStatus.PAUSED,), lambda pk, actor, options: lifecycle.resume(pk, actor)),
        moves_on=True,
    ),
    _action(
        "retry",
        "Retry failed",
        "Checks every tenant that failed or was refused again, and tries it again.",
        _CONTROL,
        _Retry(
            lifecycle.RETRIED_FROM,
            lambda pk, actor, options: lifecycle.retry(pk, actor),
            lambda rollout: "Each tenant is checked again first.",
        ),
    ),
    _action(
        "cancel",
        "Cancel roll-out",
        "Tenants that were not started are skipped; those in progress are finished.",
        _CONTROL,
        Transition(_UNFINISHED, lambda pk, actor, options: lifecycle.cancel(pk, actor)),
        destructive=True,
    ),
    _action(
        "roll_back",
        "Roll back",
        "Every tenant that still has the version of this roll-out gets the version back that it "
        "had before.",
        _CONTROL,
        _RollBack(
            lifecycle.ROLLED_BACK_FROM,
            lambda pk, actor, options: lifecycle.roll_back(
                pk, actor, prune=Prune(options["prune"])
            ),
            lambda back: f"This roll-out is the way back. {what_follows(back)}",
        ),
        details=_ways_back,
        form=PruneForm,
        destructive=True,
    ),
)
