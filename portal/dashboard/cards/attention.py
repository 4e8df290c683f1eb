"""The top of the worklist: what needs staff, the worst and oldest first."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from connect.models import Connection
from portal.actions.action import Staff
from portal.dashboard.cards.links import tenants
from portal.dashboard.worklist import cases, reading
from portal.dashboard.worklist.wanted import Wanted

MAX_SHOWN = 10
NOBODY = ""  # the filters of the card do not ask who looks


def read(now: datetime) -> dict[str, Any]:
    """Return what everybody sees, with a fixed number of queries for any number of tenants."""
    wanted, asleep = Wanted(), Wanted(snoozed="yes")
    counted = reading.counts(wanted, NOBODY, now)
    total = sum(count for _, count in counted)
    found = reading.page(counted, wanted, NOBODY, now, size=MAX_SHOWN)
    return {
        "total": total,
        "tallies": [(cause, count, wanted.url(cause=cause.name)) for cause, count in counted],
        "gathered": cases.gather(found, now),
        "hidden": total - min(total, MAX_SHOWN),
        "url": reverse("worklist"),
        "snoozed": Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None).count(),
        "snoozed_url": tenants(attention="snoozed"),
        "snoozed_in_trouble": sum(n for _, n in reading.counts(asleep, NOBODY, now)),
        "snoozed_in_trouble_url": asleep.url(),
    }


def of(user: Staff, read: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Add what depends on the user: the buttons. No query."""
    return {**read, "cases": cases.of(user, read["gathered"], now)}
