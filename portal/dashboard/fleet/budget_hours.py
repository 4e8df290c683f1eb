"""The fewest calls to Heroku that were left in each hour of two days."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from connect.clients import budget
from connect.formats import counted
from connect.models import BudgetHour
from portal.dashboard.areas import Chart, Series, stacked
from portal.dashboard.cards.links import to_list
from portal.dashboard.cards.vitals import BUDGET_IS_LOW
from tenants.batching import Asking, batched

HOURS = 48
HOUR = timedelta(hours=1)
# An hour's fewest calls, and at which peer.
Hours = dict[datetime, tuple[int, str]]


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """One query: of each hour, the account that had the fewest calls left."""
    last = now.replace(minute=0, second=0, microsecond=0)
    since = BudgetHour.objects.filter(hour__gt=last - HOUR * HOURS, hour__lte=last)
    fewest = since.order_by("hour", "fewest").distinct("hour")
    (rows,) = yield [fewest.values_list("hour", "fewest", "peer")]
    hours = {hour: (calls, peer) for hour, calls, peer in rows}
    if not hours:
        return {"chart": None}
    listed = [last - HOUR * back for back in range(HOURS - 1, -1, -1)]
    return {
        "chart": _chart(listed, hours),
        "said": _said(hours),
        "url": to_list("connect_apibudget"),
    }


def _chart(listed: list[datetime], hours: Hours) -> Chart:
    found = [hours.get(hour) for hour in listed]
    return stacked(
        [f"{localtime(hour):%-d %b, %H:%M}" for hour in listed],
        [
            _series("Enough", "good", found, low=False),
            _series("Nearly spent", "bad", found, low=True),
        ],
        unit="calls left",
        columns=True,
    )


def _series(label: str, tone: str, found: list[tuple[int, str] | None], *, low: bool) -> Series:
    """Return the hours that are low, or all others, as a layer; at the rest it has no height."""
    mine = [each if each and (each[0] < BUDGET_IS_LOW) == low else None for each in found]
    drawn = [
        None if each is None else own[0] if own else 0
        for own, each in zip(mine, found, strict=True)
    ]
    return Series(
        label, tone, drawn, [own and f"{own[0]:,}, {budget.in_words(own[1])}" for own in mine]
    )


def _said(hours: Hours) -> str:
    """Return the chart in a sentence."""
    hour = min(hours, key=lambda each: hours[each][0])
    calls, peer = hours[hour]
    return (
        f"At the least {counted(calls, 'call')} of {budget.BUDGET:,} were left: "
        f"{budget.in_words(peer)}, {localtime(hour):%-d %b, %H:%M}."
    )
