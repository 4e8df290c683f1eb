"""Tenants that need staff, the reason and a button, the oldest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from connect.models import Connection
from portal.actions import action as actions
from portal.actions.subject import Subject
from portal.dashboard.attention import CAUSES, Cause
from portal.dashboard.cards.links import tenants
from tenants.models import Tenant

MAX_SHOWN = 10


@dataclass(frozen=True)
class Case:
    """One tenant that needs staff. `press` is the label of its button, empty if no action helps."""

    cause: Cause
    connection: Connection
    since: datetime
    url: str
    press: str
    press_url: str

    @property
    def why(self) -> str:
        return self.cause.why(self.connection)


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Two queries for each cause, for any number of tenants."""
    counts = [(cause, cause.connections(now).count()) for cause in CAUSES]
    found = [
        (since, row.pk, cause, row)
        for cause in CAUSES
        for since, row in cause.oldest(now, MAX_SHOWN)
    ]
    # By the time and the id only, because causes cannot be compared.
    found.sort(key=lambda each: each[:2])
    total = sum(count for _, count in counts)
    return {
        "total": total,
        "tallies": [(cause, count, tenants(attention=cause.name)) for cause, count in counts],
        "cases": [_case(user, cause, row, since) for since, _, cause, row in found[:MAX_SHOWN]],
        "hidden": total - min(total, MAX_SHOWN),
        "snoozed": Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None).count(),
        "snoozed_url": tenants(attention="snoozed"),
    }


def _case(user: Any, cause: Cause, row: Connection, since: datetime) -> Case:
    subject = Subject(row.tenant, row)
    offered = {each.name: each for each in actions.offered(Tenant, user, subject)}
    action = next((offered[name] for name in cause.actions if name in offered), None)
    page = reverse("admin:tenants_tenant_change", args=[row.tenant_id])
    press_url = (
        reverse("admin:tenants_tenant_act", args=[row.tenant_id, action.name]) if action else ""
    )
    return Case(cause, row, since, page, action.label if action else "", press_url)
