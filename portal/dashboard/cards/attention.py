"""The top of the worklist: what needs staff, the worst and oldest first."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from connect.models import Connection
from portal.actions.action import Staff
from portal.dashboard.attention import Cause
from portal.dashboard.cards.links import tenants
from portal.dashboard.worklist import cases, reading
from portal.dashboard.worklist.wanted import Wanted
from tenants import batching
from tenants.batching import Asking, batched, gather

MAX_SHOWN = 10
# Of each cause, and how many of them are snoozed.
Counted = tuple[list[tuple[Cause, int]], list[tuple[Cause, int]]]
NOBODY = ""  # the filters of the card do not ask who looks


@batched
def read(now: datetime, counted: Counted | None = None) -> Asking[dict[str, Any]]:
    """Return what everybody sees, with three rounds of queries for any number of tenants.

    The rows are those of now, also if they are counted.
    """
    wanted, asleep = Wanted(), Wanted(snoozed="yes")
    snoozed = Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None)
    counts, number = yield from gather(_counts(now, counted), batching.count(snoozed))
    tallied, in_trouble = counts
    total = sum(count for _, count in tallied)
    found = yield from reading.page.asking(tallied, wanted, NOBODY, now, size=MAX_SHOWN)
    return {
        "total": total,
        "tallies": [(cause, count, wanted.url(cause=cause.name)) for cause, count in tallied],
        "gathered": (yield from cases.gather.asking(found, now)),
        "hidden": total - min(total, MAX_SHOWN),
        "url": reverse("worklist"),
        "snoozed": batching.number(number),
        "snoozed_url": tenants(attention="snoozed"),
        "snoozed_in_trouble": sum(count for _, count in in_trouble),
        "snoozed_in_trouble_url": asleep.url(),
        "counted": counts,
    }


def _counts(now: datetime, counted: Counted | None) -> Asking[Counted]:
    if counted:
        return counted
    awake, asleep = yield from gather(
        reading.counts.asking(Wanted(), NOBODY, now),
        reading.counts.asking(Wanted(snoozed="yes"), NOBODY, now),
    )
    return awake, asleep


def of(user: Staff, read: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Add what depends on the user: the buttons. No query."""
    return {**read, "cases": cases.of(user, read["gathered"], now)}
