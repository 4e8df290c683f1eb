"""The warnings that the check of a roll-out found: each once, with the tenants that it is about."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from connect.formats import counted
from connect.models import Rollout, RolloutItem, RolloutItemStatus

MAX_NAMED = 3  # tenants of one warning


@dataclass
class CheckWarning:
    """One warning. `tenants` are the names of those that it is about, in the order of the waves."""

    where: str
    text: str
    rule: str
    tenants: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}] {self._whom}"

    @property
    def _whom(self) -> str:
        names, more = self.tenants[:MAX_NAMED], len(self.tenants) - MAX_NAMED
        listed = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        return f"({counted(len(self.tenants), 'tenant')}: {listed})"


def items(rollout: Rollout) -> QuerySet[RolloutItem]:
    """Return the ready tenants that have warnings."""
    found: QuerySet[RolloutItem] = rollout.items.filter(
        status=RolloutItemStatus.READY, findings__contains=[{"severity": "warning"}]
    )
    return found


def of(rollout: Rollout) -> list[CheckWarning]:
    """Return the warnings, the one for most tenants first. One query."""
    found: dict[tuple[str, str, str], CheckWarning] = {}
    rows = items(rollout).values_list("connection__tenant__name", "findings")
    for tenant, findings in rows:
        for each in findings:
            if each["severity"] == "warning":
                key = each["where"], each["text"], each["rule"]
                found.setdefault(key, CheckWarning(*key)).tenants.append(tenant)
    return sorted(found.values(), key=lambda each: -len(each.tenants))
