"""The top of the worklist: what needs staff, the worst and oldest first."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from connect.models import Connection
from portal.dashboard.cards.links import tenants
from portal.dashboard.worklist import cases, reading
from portal.dashboard.worklist.wanted import Wanted

MAX_SHOWN = 10


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Return the card, with a fixed number of queries for any number of tenants."""
    wanted, asleep, reader = Wanted(), Wanted(snoozed="yes"), user.get_username()
    counted = reading.counts(wanted, reader, now)
    total = sum(count for _, count in counted)
    found = reading.page(counted, wanted, reader, now, size=MAX_SHOWN)
    return {
        "total": total,
        "tallies": [(cause, count, wanted.url(cause=cause.name)) for cause, count in counted],
        "cases": cases.build(user, found, now),
        "hidden": total - min(total, MAX_SHOWN),
        "url": reverse("worklist"),
        "snoozed": Connection.objects.filter(snoozed_until__gt=now, offboarded_at=None).count(),
        "snoozed_url": tenants(attention="snoozed"),
        "snoozed_in_trouble": sum(n for _, n in reading.counts(asleep, reader, now)),
        "snoozed_in_trouble_url": asleep.url(),
    }
