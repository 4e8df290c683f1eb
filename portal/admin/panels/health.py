"""The health of one tenant on its page, and the pieces that lists of health show too."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.timezone import localtime

from connect.health import conditions, history, strips
from connect.health.history import Uptime
from connect.health.strips import Seen, Slot
from connect.models import (
    Condition,
    Connection,
    Health,
    HealthSample,
    Incident,
    IncidentStatus,
    Stage,
)
from connect.write_errors import counts, scan
from portal import moments, show
from portal.dashboard import charts
from portal.dashboard.charts import Bar, BarChart

MAX_SPARK_SAMPLES = 48
MAX_LISTED = 10
_WINDOWS = {
    "uptime_day": "Uptime 24 h",
    "uptime_week": "Uptime 7 days",
    "uptime_month": "Uptime 30 days",
}


# The word, the tone and the height: colour alone says nothing.
_SEEN = {
    Seen.WELL: ("well", show.GOOD, 1.0),
    Seen.DEGRADED: ("degraded", show.WAIT, 0.7),
    Seen.DOWN: ("down", show.BAD, 0.4),
    Seen.NOTHING: ("not measured", show.MUTED, 0.0),
}


@dataclass(frozen=True)
class Strip:
    """A chart of hours or days; `words` is the same as text, `begins` the time of the first."""

    title: str
    words: str
    chart: BarChart
    begins: str


def condition(health: Any) -> str:
    """Return a connection's `condition_now` as a badge; an unknown one says for how long."""
    found = show.look(health.condition_now)
    since = health.unknown_since or health.sampled_at
    if found.condition == Condition.UNKNOWN and since:
        text = format_html("{} for {}", found.label, moments.element(since, "span"))
        return show.badge(text, found.tone)
    return show.badge(found.label, found.tone)


def percent(thousandths: int | None) -> str:
    """Return an uptime as text; "-" if nothing was measured."""
    return "-" if thousandths is None else f"{thousandths / 10:.1f}\N{NO-BREAK SPACE}%"


def uptime(found: Uptime) -> str:
    """Return an uptime with the degraded part beside it, e.g. "92.0 %, degraded 5.0 %"."""
    if not found.degraded:
        return percent(found.up)
    return f"{percent(found.up)}, degraded {percent(found.degraded)}"


def sparkline(samples: Iterable[HealthSample]) -> str:
    """Return a connection's newest samples as a row of bars. `samples` come newest first."""
    bars = [
        Bar(
            f"{localtime(each.at):%-d %b %Y, %H:%M} {each.state}",
            1,
            tone=show.look(each.condition).tone,
        )
        for each in samples
    ]
    chart = charts.columns(
        "Health lately", bars[::-1], top=1, slots=MAX_SPARK_SAMPLES, kind="spark"
    )
    return chart.render()


def of_tenant(connection: Connection | None) -> dict[str, Any] | None:
    """Return the health data for the tenant's page; None if there is none yet."""
    if connection is None or connection.stage != Stage.LIVE:
        return None
    rows = Health.objects.select_related("connection").filter(connection=connection)
    health = rows.annotate(condition_now=conditions.expression()).first()
    if health is None:
        return None
    now = timezone.now()
    return {
        "health": health,
        "condition": condition(health),
        "facts": _facts(connection, health),
        "strips": [
            _strip("Last 24 hours", strips.day(connection, now), "%-d %b, %H:00"),
            _strip("Last 30 days", strips.month(connection, now), "%-d %b"),
        ],
        "incidents": [
            (each, _lasted(each))
            for each in connection.incidents.exclude(status=IncidentStatus.SUSPECTED)[:MAX_LISTED]
        ],
        "errors": connection.failures.all()[:MAX_LISTED],
        "diagnosis": connection.diagnoses.exclude(ended_at=None).first(),
        "notifications": connection.notifications.filter(acknowledged_at=None)[:MAX_LISTED],
    }


def _lasted(incident: Incident) -> timedelta | None:
    """Return for how long the trouble of a closed incident was there."""
    ended = incident.absent_since or incident.closed_at
    return ended - incident.suspected_at if incident.closed_at and ended else None


def _facts(connection: Connection, health: Health) -> list[tuple[str, Any]]:
    limit, measured = scan.row_limit(connection), history.uptime(connection, timezone.now())
    return [
        ("Last good sync", moments.element(health.good_at, alone=True, none="never seen")),
        *((label, uptime(measured[name])) for name, label in _WINDOWS.items()),
        ("Rows", f"{health.rows:,} of {limit:,}" if limit else f"{health.rows:,}"),
        ("Failed writes", counts.of(connection)),
        ("Writes waiting", health.backlog),
        ("Oldest waiting since", moments.element(health.backlog_since, alone=True)),
        ("View All Data", {True: "yes", False: "no", None: "not known"}[health.view_all_data]),
    ]


def of_day(slots: list[Slot] | None) -> str:
    """Return the last 24 hours as a chart for a cell of a list; "-" for what is not live."""
    if slots is None:
        return "-"
    words, bars = _words(slots), _bars(slots, "%-d %b, %H:00")
    return charts.columns(f"Last 24 hours: {words}", bars, top=1, kind="day").render()


def _strip(title: str, slots: list[Slot], times: str) -> Strip:
    words = _words(slots)
    chart = charts.columns(f"{title}: {words}", _bars(slots, times), top=1, kind="strip")
    return Strip(title, words, chart, f"{localtime(slots[0].at):{times}}")


def _words(slots: list[Slot]) -> str:
    counted = Counter(each.seen for each in slots)
    return ", ".join(f"{counted[seen]} {_SEEN[seen][0]}" for seen in Seen if counted[seen])


def _bars(slots: list[Slot], times: str) -> list[Bar]:
    return [
        Bar(f"{localtime(each.at):{times}}: {_SEEN[each.seen][0]}", height, tone=tone)
        for each in slots
        for _, tone, height in [_SEEN[each.seen]]
    ]
