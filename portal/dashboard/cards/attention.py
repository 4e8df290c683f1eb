"""The top of the worklist: what needs staff, the worst and oldest first."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from connect.models import Connection
from portal.actions.action import Staff
from portal.dashboard.cards.links import tenants
from portal.dashboard.worklist import cases, reading
from portal.dashboard.worklist.wanted import Wanted
from tenants import batching
from tenants.batching import Asking, batched, gather

MAX_SHOWN = 10
NOBODY = ""  # the filters of the card do not ask who looks


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Return what everybody sees, with three rounds of queries for any number of tenants."""
    wanted, asleep = Wanted(), Wanted(snoozed="yes")
    snoozed = Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None)
    counted, in_trouble, number = yield from gather(
        reading.counts.asking(wanted, NOBODY, now),
        reading.counts.asking(asleep, NOBODY, now),
        batching.count(snoozed),
    )
    total = sum(count for _, count in counted)
    found = yield from reading.page.asking(counted, wanted, NOBODY, now, size=MAX_SHOWN)
    return {
        "total": total,
        "tallies": [(cause, count, wanted.url(cause=cause.name)) for cause, count in counted],
        "gathered": (yield from cases.gather.asking(found, now)),
        "hidden": total - min(total, MAX_SHOWN),
        "url": reverse("worklist"),
        "snoozed": batching.number(number),
        "snoozed_url": tenants(attention="snoozed"),
        "snoozed_in_trouble": sum(count for _, count in in_trouble),
        "snoozed_in_trouble_url": asleep.url(),
    }


def of(user: Staff, read: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Add what depends on the user: the buttons. No query."""
    return {**read, "cases": cases.of(user, read["gathered"], now)}
