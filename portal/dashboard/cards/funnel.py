"""How many tenants stand at which stage, and how many of them are blocked there."""

from datetime import datetime
from typing import Any

from django.db.models import Count

from connect.models import Connection, Stage
from portal.dashboard.cards.links import tenants
from portal.dashboard.charts import Bar, bars
from tenants.models import Tenant

# Stages in which a person has the next move.
PEOPLES = (Stage.WAITING_FOR_PROOF, Stage.WAITING_FOR_CONSENT, Stage.WAITING_FOR_AUTHORIZATION)


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Two queries."""
    current = Connection.objects.filter(offboarded_at=None).order_by()
    found = current.values_list("stage").annotate(Count("stage"), Count("blocked_at"))
    counts = {stage: (count, blocked) for stage, count, blocked in found}
    gone = Tenant.objects.filter(offboarded_at__isnull=False).count()
    counts[Stage.OFFBOARDED] = (gone, 0)
    return {"bars": _bars(counts), "total": sum(count for count, _ in counts.values()) - gone}


def _bars(counts: dict[str, tuple[int, int]]) -> list[Bar]:
    rows = []
    for stage in Stage:
        count, blocked = counts.get(stage, (0, 0))
        note = f"{blocked} blocked" if blocked else ""
        row = Bar(str(stage.label), count, tenants(stage=stage.value), _tone(stage), note, True)
        if count:
            rows.append(row)
    return bars(rows)


def _tone(stage: Stage) -> str:
    if stage in PEOPLES:
        return "wait"
    return {Stage.LIVE: "good", Stage.OFFBOARDED: "quiet"}.get(stage, "busy")
