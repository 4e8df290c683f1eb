"""The warnings of a roll-out's check: each once, with the tenants that it is about."""

import re
from dataclasses import dataclass, field

from django.db.models import QuerySet

from connect.formats import counted
from connect.models import Rollout, RolloutItem, RolloutItemStatus

MAX_NAMED = 3  # tenants of one warning
_FIGURES = re.compile(r"[0-9][0-9,.]*")


@dataclass
class CheckWarning:
    """What one rule says of one place.

    `found` are pairs of a tenant's name and a text, in the order of the waves. Figures in the text
    may differ from tenant to tenant.
    """

    where: str
    rule: str
    found: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        (_, text), is_same = self.found[0], len({text for _, text in self.found}) == 1
        tenants = counted(len(self.found), "tenant")
        if is_same:
            names = self._listed([name for name, _ in self.found], ", ")
            return f"{self.where}: {text} [{self.rule}] ({tenants}: {names})"
        said = self._listed([f"{name}: {text.rstrip('.')}" for name, text in self.found], "; ")
        return f"{self.where} [{self.rule}] ({tenants}): {said}."

    def _listed(self, parts: list[str], comma: str) -> str:
        more = len(parts) - MAX_NAMED
        return comma.join(parts[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def items(rollout: Rollout) -> QuerySet[RolloutItem]:
    """Return the ready tenants that have warnings."""
    found: QuerySet[RolloutItem] = rollout.items.filter(
        status=RolloutItemStatus.READY, findings__contains=[{"severity": "warning"}]
    )
    return found


def of(rollout: Rollout) -> list[CheckWarning]:
    """Return the warnings, the one for most tenants first. One query."""
    found: dict[tuple[str, str, str], CheckWarning] = {}
    rows = items(rollout).order_by("wave", "pk").values_list("connection__tenant__name", "findings")
    for tenant, findings in rows:
        for each in findings:
            if each["severity"] == "warning":
                where, rule, text = each["where"], each["rule"], each["text"]
                key = where, rule, _FIGURES.sub("#", text)
                alike = found.setdefault(key, CheckWarning(where, rule))
                alike.found.append((tenant, text))
    return sorted(found.values(), key=lambda each: -len(each.found))
