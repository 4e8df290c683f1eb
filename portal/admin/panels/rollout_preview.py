"""What the form of a roll-out says before it is made: whom it is for, in which order, its cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from connect.models import Connection, Rollout
from connect.rollouts import approval, creating, estimate
from connect.rollouts.estimate import Estimate
from connect.rollouts.left_out import LeftOut
from tenants.models import Tenant

MAX_NAMED = 100  # of the canary group, and of the others: more than a person reads


@dataclass(frozen=True)
class Group:
    """Tenants of a preview: how many, and the first of them with their tags."""

    total: int
    named: list[Tenant]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.total - len(self.named)


@dataclass(frozen=True)
class Preview:
    """`waves` counts the waves after the canary group."""

    canary: Group
    others: Group
    waves: int
    unmet: Sequence[LeftOut]
    estimate: Estimate
    calls_per_hour: int
    needs_second: bool

    @property
    def total(self) -> int:
        """How many tenants fit."""
        return self.canary.total + self.others.total


def of(rollout: Rollout, ordered: Sequence[Connection], unmet: Sequence[LeftOut]) -> Preview:
    """Return the preview of an unsaved roll-out for these connections, in their order.

    A fixed number of queries.
    """
    size = rollout.canary_size
    waves = Counter(creating.wave_of(number, rollout) for number in range(len(ordered)))
    canary, others = _groups(ordered[:size], ordered[size:])
    return Preview(
        canary=canary,
        others=others,
        waves=len(waves) - (1 if size else 0),
        unmet=unmet,
        estimate=estimate.of(rollout, ordered),
        calls_per_hour=settings.MAPPING_CALLS_PER_HOUR,
        needs_second=approval.is_needed(rollout, len(ordered)),
    )


def _groups(*groups: Sequence[Connection]) -> list[Group]:
    shown = [[each.tenant_id for each in group[:MAX_NAMED]] for group in groups]
    found = Tenant.objects.prefetch_related("tags").in_bulk([pk for each in shown for pk in each])
    return [
        Group(len(group), [found[pk] for pk in pks])
        for group, pks in zip(groups, shown, strict=True)
    ]
