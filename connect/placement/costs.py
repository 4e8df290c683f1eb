"""What the add-ons cost a month: of each host app, of the fleet, of what is not live."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connect.models import HostApp, Stage

_HELD = Q(offboarded_at=None, addon_requested_at__isnull=False)
_NOT_LIVE = ~Q(stage=Stage.LIVE)


@dataclass(frozen=True)
class Cost:
    """Cents a month. `unpriced` add-ons are by contract, or their price is not known yet.

    `idle` are the add-ons that cost and are not live, `idle_cents` what they cost.
    """

    cents: int
    unpriced: int
    idle: int
    idle_cents: int

    @property
    def in_words(self) -> str:
        """The cost as text, e.g. "$1,250.00 a month and 3 by contract"."""
        by_contract = f" and {self.unpriced:,} by contract" if self.unpriced else ""
        return f"{dollars(self.cents)} a month{by_contract}"


def dollars(cents: int) -> str:
    """Return an amount as Heroku writes it: its prices are in US dollars."""
    return f"${cents / 100:,.2f}"


def annotated(hosts: QuerySet[HostApp]) -> QuerySet[HostApp]:
    """Return the host apps of rooms.annotated() with what their add-ons cost, for `of`."""
    ordered = Q(current__addon_requested_at__isnull=False)
    idle = ordered & ~Q(current__stage=Stage.LIVE)
    cents = "current__monthly_cents"
    return hosts.annotate(
        cents=Coalesce(Sum(cents, filter=ordered), 0),
        unpriced=Count("current", filter=ordered & Q(current__monthly_cents=None)),
        idle=Count("current", filter=idle & Q(current__monthly_cents__gt=0)),
        idle_cents=Coalesce(Sum(cents, filter=idle), 0),
    )


def of(*hosts: Any) -> Cost:
    """Return what the add-ons of some host apps of annotated() cost together."""
    return Cost(
        cents=sum(host.cents for host in hosts),
        unpriced=sum(host.unpriced for host in hosts),
        idle=sum(host.idle for host in hosts),
        idle_cents=sum(host.idle_cents for host in hosts),
    )


def idle() -> Q:
    """Match the connections that cost and are not live."""
    return _HELD & _NOT_LIVE & Q(monthly_cents__gt=0)
