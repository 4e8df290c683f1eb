"""Why tenants that staff named are not in a roll-out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from connect.formats import counted
from connect.mappings.lint import Severity
from connect.models import (
    OPEN_STATUSES,
    Connection,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    Stage,
)
from tenants.models import Tenant

MAX_NAMED = 100  # in one line of the roll-out's timeline


@dataclass(frozen=True)
class LeftOut:
    """A tenant that a roll-out does not change. `why` is the end of a sentence."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def explain(tenant_ids: Collection[int], otherwise: str) -> list[LeftOut]:
    """Return why tenants are left out, by name. `otherwise` is said of those that could join."""
    tenants = Tenant.objects.filter(pk__in=tenant_ids).order_by("name", "pk")
    current = Connection.objects.filter(tenant__in=tenant_ids, offboarded_at=None)
    by_tenant = {each.tenant_id: each for each in current}
    taken = dict(
        RolloutItem.objects.filter(connection__in=current, status__in=OPEN_STATUSES).values_list(
            "connection__tenant", "rollout"
        )
    )
    return [
        LeftOut(str(each), _why(each, by_tenant.get(each.pk), taken.get(each.pk)) or otherwise)
        for each in tenants
    ]


def refused(rollout: Rollout) -> list[LeftOut]:
    """Return the tenants that the check refused, with its errors. One query."""
    found = rollout.items.filter(status=RolloutItemStatus.REFUSED)
    return [
        LeftOut(str(each.connection.tenant), f"the check refused it: {_errors(each)}")
        for each in found.select_related("connection__tenant")
    ]


def sentence(left_out: Iterable[LeftOut]) -> str:
    """Return who is left out and why, in one sentence, or ""."""
    lines = [str(each) for each in left_out]
    if not lines:
        return ""
    more = len(lines) - MAX_NAMED
    rest = [f"and {more} more"] if more > 0 else []
    return f"Left out: {counted(len(lines), 'tenant')}. {'; '.join(lines[:MAX_NAMED] + rest)}."


def _errors(item: RolloutItem) -> str:
    found = [each for each in item.findings if each["severity"] == Severity.ERROR]
    return " ".join(f"{each['where']}: {each['text']}" for each in found).rstrip(".")


def _why(tenant: Tenant, connection: Connection | None, rollout: int | None) -> str:
    if connection is None:
        return "it is off-boarded" if tenant.offboarded_at else "it has no connection"
    if rollout is not None:
        return f"roll-out {rollout} is not done with it"
    if connection.blocked_at:
        return f"it is blocked: {connection.blocked_reason.rstrip('.')}"
    return "" if connection.stage == Stage.LIVE else "it is not live"
