"""Tenants by stage, with the number of blocked ones."""

from datetime import datetime
from typing import Any

from django.db.models import Count

from connect.models import Connection, Stage
from portal.dashboard.cards.links import tenants
from portal.dashboard.charts import Bar, BarChart, rows
from tenants.models import Tenant

# Stages that wait for a person.
WAIT_FOR_PEOPLE = (
    Stage.WAITING_FOR_PROOF,
    Stage.WAITING_FOR_CONSENT,
    Stage.WAITING_FOR_AUTHORIZATION,
)


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Two queries."""
    current = Connection.objects.filter(offboarded_at=None).order_by()
    found = current.values_list("stage").annotate(Count("stage"), Count("blocked_at"))
    counts = {stage: (count, blocked) for stage, count, blocked in found}
    # Tenants, not connections: one that has started over has several off-boarded connections.
    gone = Tenant.objects.filter(offboarded_at__isnull=False).count()
    counts[Stage.OFFBOARDED] = (gone, 0)
    return {"chart": _chart(counts), "total": sum(count for count, _ in counts.values()) - gone}


def _chart(counts: dict[str, tuple[int, int]]) -> BarChart:
    present = [stage for stage in Stage if counts.get(stage, (0, 0))[0]]
    return rows("Tenants by stage", [_bar(stage, *counts[stage]) for stage in present])


def _bar(stage: Stage, count: int, blocked: int) -> Bar:
    return Bar(
        label=str(stage.label),
        value=count,
        url=tenants(stage=stage.value),
        tone=_tone(stage),
        note=f"{blocked} blocked" if blocked else "",
        alarming=True,
    )


def _tone(stage: Stage) -> str:
    if stage in WAIT_FOR_PEOPLE:
        return "wait"
    return {Stage.LIVE: "good", Stage.OFFBOARDED: "muted"}.get(stage, "busy")
