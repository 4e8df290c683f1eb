"""What pages show of health: badges, uptime, sparklines, the tenant's panel and the fleet's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone

from connect.health import history
from connect.models import (
    Condition,
    Connection,
    Diagnosis,
    Health,
    HealthSample,
    Incident,
    IncidentStatus,
    Stage,
    WriteError,
)
from connect.write_errors import scan
from portal.admin.kit import show
from portal.dashboard import sparklines
from portal.dashboard.sparklines import Bar

SPARK_SAMPLES = 48
FLEET_HOURS = 72
TONES = {
    Condition.HEALTHY: show.GOOD,
    Condition.WORKING: show.BUSY,
    Condition.PAUSED: show.QUIET,
    Condition.DEGRADED: show.WAIT,
    Condition.UNKNOWN: show.QUIET,
    Condition.BROKEN: show.BAD,
    Condition.NEEDS_AUTHORIZATION: show.BAD,
}


@dataclass(frozen=True)
class Fleet:
    """The dashboard's view of all live connections."""

    tallies: list[tuple[Condition, int, str]]
    chart: str
    incidents: Sequence[Incident]
    causes: list[Any]
    failed: int
    without_good_sync: list[Health]


def condition(health: Health) -> str:
    """Return a connection's condition as a badge; an unseen one says since when."""
    if health.unknown_since:
        return show.badge(f"Unknown since {health.unknown_since:%Y-%m-%d %H:%M}", show.QUIET)
    word = Condition(health.condition)
    return show.badge(str(word.label), TONES[word])


def percent(thousandths: int | None) -> str:
    """Return an uptime for people, "-" where nothing was measured."""
    return "-" if thousandths is None else f"{thousandths / 10:.1f}\N{NO-BREAK SPACE}%"


def sparkline(samples: Iterable[HealthSample]) -> str:
    """Return a connection's newest samples as bars, the oldest first."""
    points = [
        Bar(1.0, TONES[Condition(each.condition)], f"{each.at:%Y-%m-%d %H:%M} {each.state}")
        for each in samples
    ]
    return sparklines.bars(points[::-1], "Health lately")


def of_tenant(connection: Connection | None) -> dict[str, Any] | None:
    """Return what the tenant's page shows of its health; None before there is any."""
    if connection is None or connection.stage != Stage.LIVE:
        return None
    health = Health.objects.select_related("connection").filter(connection=connection).first()
    if health is None:
        return None
    limit = scan.row_limit(connection)
    return {
        "health": health,
        "condition": condition(health),
        "facts": [
            ("Last good sync", health.good_at or "never seen"),
            ("Uptime 24 h", percent(health.uptime_day)),
            ("Uptime 7 days", percent(health.uptime_week)),
            ("Uptime 30 days", percent(health.uptime_month)),
            ("Rows", f"{health.rows:,} of {limit:,}" if limit else f"{health.rows:,}"),
            ("Writes waiting", health.backlog),
            ("Oldest waiting since", health.backlog_since or "-"),
            ("View All Data", {True: "yes", False: "no", None: "not known"}[health.view_all_data]),
        ],
        "chart": _chart(connection),
        "incidents": connection.incidents.exclude(status=IncidentStatus.SUSPECTED)[:10],
        "errors": connection.failures.all()[:10],
        "diagnosis": _findings(connection),
        "notifications": connection.notifications.filter(acknowledged_at=None)[:10],
    }


def of_fleet() -> Fleet:
    """Return what the dashboard shows, with a few queries however many tenants there are."""
    live = Health.objects.filter(connection__stage=Stage.LIVE).order_by()
    counts = dict(live.values_list("condition").annotate(Count("pk")))
    address = reverse("admin:connect_health_changelist")
    opened = Incident.objects.filter(status=IncidentStatus.OPEN)
    return Fleet(
        tallies=[
            (each, counts[each], f"{address}?condition__exact={each.value}")
            for each in Condition
            if counts.get(each)
        ],
        chart=_fleet_chart(),
        incidents=list(opened.select_related("connection__tenant").order_by("opened_at")[:10]),
        causes=scan.by_cause(5),
        failed=WriteError.objects.aggregate(failed=Sum("failed"))["failed"] or 0,
        without_good_sync=history.longest_without_good_sync(5),
    )


def _chart(connection: Connection) -> str:
    samples = connection.samples.all()[: SPARK_SAMPLES * 4]
    points = [
        Bar(
            each.mappings_synced / each.mappings if each.mappings else 1.0,
            TONES[Condition(each.condition)],
            f"{each.at:%Y-%m-%d %H:%M} {each.state}, {each.mappings_synced} of {each.mappings} "
            f"mappings synced, {each.rows_failed} rows failed",
        )
        for each in samples
    ]
    return sparklines.bars(points[::-1], "Health over time", height=60)


def _fleet_chart() -> str:
    since = timezone.now() - timedelta(hours=FLEET_HOURS)
    points = []
    for moment, seen, well in history.by_condition(since, "hour"):
        share = well / seen if seen else 0.0
        tone = show.GOOD if share > 0.99 else show.WAIT if share > 0.9 else show.BAD
        title = f"{moment:%Y-%m-%d %H:%M}: {100 * share:.1f} % well"
        points.append(Bar(share, tone if seen else show.QUIET, title))
    return sparklines.bars(
        points, "Share of the fleet that did well, by the hour", height=60, step=8
    )


def _findings(connection: Connection) -> Diagnosis | None:
    return connection.diagnoses.exclude(ended_at=None).first()


def worth_a_look(diagnosis: Diagnosis) -> list[dict[str, str]]:
    """Return a diagnosis' errors and warnings, errors first."""
    found = [each for each in diagnosis.findings if each["pile"] in ("errors", "warnings")]
    return sorted(found, key=lambda each: str(each["pile"]))
