"""The dashboard's card about posts: how many came each day, what is left to spend, the last run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from portal.dashboard import charts
from portal.dashboard.charts import Bar, BarChart
from social import budget, collection
from social.models import CollectionRun

DAYS = 28


@dataclass(frozen=True)
class PostsCard:
    """What the card shows. `refusal` says why nothing is collected, if so."""

    chart: BarChart
    today: int
    month: int
    day_cap: int
    month_cap: int
    last: CollectionRun | None
    refusal: str


def card() -> PostsCard:
    """Return the card, with four queries."""
    days = budget.by_day(DAYS)
    today, posts_today = days[-1]
    return PostsCard(
        chart=chart(days),
        today=posts_today,
        month=budget.posts_in_month(today),
        day_cap=settings.X_POSTS_PER_DAY,
        month_cap=settings.X_POSTS_PER_MONTH,
        last=CollectionRun.objects.first(),
        refusal=collection.refusal(),
    )


def chart(days: list[tuple[date, int]]) -> BarChart:
    """Return a column for each day, the fullest day as high as the drawing."""
    bars = [Bar(f"{day}: {posts}", posts, tone="good" if posts else "muted") for day, posts in days]
    return charts.columns(f"Posts of the last {len(days)} days", bars)


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Return the variables of the card's template, with four queries."""
    return {"posts": card()}
