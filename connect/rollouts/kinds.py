"""What each kind of roll-out does to a tenant, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from connect.models import RolloutKind, RolloutStep
from connect.rollouts import api_versions, checking, pruning, sending
from connect.rollouts.claim import ItemClaim
from connect.runner.outcomes import Facts, StepOutcome


@dataclass(frozen=True)
class Kind:
    """`check` returns facts of the item, `finish` facts of the connection; `steps` are in order."""

    check: Callable[[ItemClaim], Facts]
    steps: dict[RolloutStep, Callable[[ItemClaim], StepOutcome]]
    finish: Callable[[ItemClaim], Facts]

    @property
    def first(self) -> RolloutStep:
        """The step that a tenant begins with."""
        return next(iter(self.steps))

    def after(self, step: RolloutStep) -> RolloutStep | None:
        """Return the step that follows; None after the last."""
        order = list(self.steps)
        following = order[order.index(step) + 1 :]
        return following[0] if following else None


KINDS = {
    RolloutKind.MAPPINGS: Kind(
        check=checking.check,
        steps={RolloutStep.SEND: sending.send, RolloutStep.PRUNE: pruning.prune},
        finish=pruning.finish,
    ),
    RolloutKind.API_VERSION: Kind(
        check=api_versions.check,
        steps={
            RolloutStep.PAUSE: api_versions.pause,
            RolloutStep.CHANGE: api_versions.change,
            RolloutStep.RESUME: api_versions.resume,
        },
        finish=api_versions.finish,
    ),
}
