"""The dashboard's card about posts: how many came each day, what is left to spend, the last run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from connect.holds import Hold
from portal.dashboard import charts
from portal.dashboard.attention import Cause
from portal.dashboard.charts import Bar, BarChart
from social import budget, collection, usage
from social.models import CollectionRun, ReportedUsage, RunOutcome

DAYS = 28


@dataclass(frozen=True)
class PostsCard:
    """What the card shows. `holds` say why nothing is collected, if so."""

    chart: BarChart
    today: int
    month: int
    day_cap: int
    month_cap: int
    reported: ReportedUsage | None
    last: CollectionRun | None
    holds: list[Hold]


def card(now: datetime) -> PostsCard:
    """Return the card, with eight queries."""
    days = budget.by_day(DAYS)
    today, posts_today = days[-1]
    return PostsCard(
        chart=chart(days),
        today=posts_today,
        month=budget.posts_in_month(today),
        day_cap=settings.X_POSTS_PER_DAY,
        month_cap=settings.X_POSTS_PER_MONTH,
        reported=usage.latest(),
        last=CollectionRun.objects.first(),
        holds=collection.holds(now),
    )


def chart(days: list[tuple[date, int]]) -> BarChart:
    """Return a column for each day, the fullest day as high as the drawing."""
    bars = [Bar(f"{day}: {posts}", posts, tone="good" if posts else "muted") for day, posts in days]
    return charts.columns(f"Posts of the last {len(days)} days", bars)


def runs_that_hit_the_cap(now: datetime) -> QuerySet[CollectionRun]:
    """Return the first run that a cap on spending stopped, while the cap is reached."""
    if not budget.capped():
        return CollectionRun.objects.none()
    last_done = CollectionRun.objects.filter(outcome=RunOutcome.DONE).order_by("-pk").first()
    stopped = CollectionRun.objects.filter(outcome=RunOutcome.PARTIAL, note__contains="The cap of")
    since = stopped.filter(pk__gt=last_done.pk) if last_done else stopped
    return CollectionRun.objects.filter(pk__in=since.order_by("pk").values("pk")[:1])


CAPPED = Cause(
    "capped",
    "Cap on posts reached",
    "wait",
    CollectionRun,
    runs_that_hit_the_cap,
    F("started_at"),
    lambda run: run.note,
)


def read(now: datetime) -> dict[str, Any]:
    """Return the variables of the card's template, with eight queries."""
    return {"posts": card(now)}
