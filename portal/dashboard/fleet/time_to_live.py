"""The time from registration to live, by the week in which tenants went live."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from connect.formats import counted, format_duration
from portal.dashboard.areas import Chart, Series, Values, stacked
from portal.dashboard.cards.links import connections
from tenants.batching import Asking, Sql, batched

WEEKS = 12
NEWEST = 5000  # tenants that are looked at; a fixed number keeps the query fast
# Only first connections: a tenant that starts over registered long before.
_BY_WEEK = """
SELECT week::text, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY took)
FROM (
  SELECT date_trunc('week', c.live_at AT TIME ZONE %s)::date AS week,
         extract(epoch FROM c.live_at - t.registered_at) AS took
  FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id
  WHERE c.live_at >= %s AND c.generation = 1
  ORDER BY c.live_at DESC LIMIT %s
) newest GROUP BY week
"""
# The units of the axis: each is for what is longer than three of it.
UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
Weeks = dict[date, tuple[int, float, float]]


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """One query, over the newest alone."""
    today = timezone.localtime(now).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    zone = timezone.get_current_timezone_name()
    (rows,) = yield [Sql(_BY_WEEK, [zone, now - timedelta(weeks=WEEKS), NEWEST], 4)]
    weeks = {date.fromisoformat(week): (number, *spans) for week, number, *spans in rows}
    listed = [first + timedelta(weeks=number) for number in range(WEEKS)]
    shown = {week: weeks[week] for week in listed if week in weeks}
    if not shown:
        return {"chart": None}
    return {"chart": _chart(listed, shown), "said": _said(shown), "url": connections(o="-live_at")}


def _chart(listed: list[date], weeks: Weeks) -> Chart:
    longest = max(late for *_, late in weeks.values())
    unit, size = next(each for each in UNITS if longest > 3 * each[1] or each[1] == 1)
    medians = [weeks[week][1] if week in weeks else None for week in listed]
    late = [weeks[week][2] if week in weeks else None for week in listed]
    return stacked(
        [f"{week:%-d %b}" for week in listed],
        [
            _series("Median", "busy", medians, [None] * len(listed), size),
            # It stands on the median, so only what it has more is drawn.
            _series("95th percentile", "muted", late, medians, size),
        ],
        unit=unit,
        columns=True,
        end="this week",
    )


def _series(label: str, tone: str, spans: Values, less: Values, size: int) -> Series:
    pairs = zip(spans, less, strict=True)
    drawn = [None if span is None else (span - (base or 0)) / size for span, base in pairs]
    return Series(label, tone, drawn, [None if each is None else _words(each) for each in spans])


def _words(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))


def _said(weeks: Weeks) -> str:
    """Return the chart in a sentence."""
    *earlier, last = sorted(weeks)
    number, median, late = weeks[last]
    before = [
        f" In the week from {week:%-d %b}: {_words(weeks[week][1])}." for week in earlier[-1:]
    ]
    most = f", half of them within {_words(median)} and 95 %" if number > 1 else ","
    return (
        f"{counted(number, 'tenant')} went live in the week from {last:%-d %b}{most} within "
        f"{_words(late)}.{''.join(before)}"
    )
