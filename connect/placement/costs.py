"""What the add-ons cost a month: of each host app, of the fleet, of what is not live."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connect.models import Connection, HostApp, Stage

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
        return in_words(self.cents, self.unpriced)


def in_words(cents: int, unpriced: int) -> str:
    """Return a cost as text, e.g. "$1,250.00 a month and 3 by contract"."""
    by_contract = f" and {unpriced:,} by contract" if unpriced else ""
    return f"{dollars(cents)} a month{by_contract}"


def dollars(cents: int) -> str:
    """Return an amount as Heroku writes it: its prices are in US dollars."""
    return f"${cents / 100:,.2f}"


def annotated(hosts: QuerySet[HostApp]) -> QuerySet[HostApp]:
    """Return host apps with the cents a month of their add-ons, and how many have no price."""
    held = Q(connections__offboarded_at=None, connections__addon_requested_at__isnull=False)
    no_price = Q(connections__monthly_cents=None)
    return hosts.annotate(
        cents=Coalesce(Sum("connections__monthly_cents", filter=held), 0),
        unpriced=Count("connections", filter=held & no_price),
    )


def of_fleet() -> Cost:
    """Return what all add-ons cost: one query."""
    found = Connection.objects.filter(_HELD).aggregate(
        cents=Coalesce(Sum("monthly_cents"), 0),
        unpriced=Count("pk", filter=Q(monthly_cents=None)),
        idle=Count("pk", filter=_NOT_LIVE & Q(monthly_cents__gt=0)),
        idle_cents=Coalesce(Sum("monthly_cents", filter=_NOT_LIVE), 0),
    )
    return Cost(**found)


def idle() -> Q:
    """Match the connections that cost and are not live."""
    return _HELD & _NOT_LIVE & Q(monthly_cents__gt=0)
