"""The dashboard's card about posts: how many came each day, what is left to spend, the last run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from social import budget, collection
from social.models import CollectionRun

DAYS = 28
WIDTH, HEIGHT, GAP = 100 / DAYS, 40.0, 0.4  # of the drawing's own 100 by 40
MIN_HEIGHT = 1.0  # the height of a day without posts


@dataclass(frozen=True)
class Bar:
    """One day: its posts, and its rectangle in the chart."""

    day: date
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PostsCard:
    """What the card shows. `why_not` says why nothing is collected, if so."""

    bars: list[Bar]
    today: int
    month: int
    day_cap: int
    month_cap: int
    last: CollectionRun | None
    why_not: str


def card() -> PostsCard:
    """Return the card, with four queries."""
    days = budget.by_day(DAYS)
    today, posts_today = days[-1]
    return PostsCard(
        bars=bars(days),
        today=posts_today,
        month=budget.posts_in_month(today),
        day_cap=settings.X_POSTS_PER_DAY,
        month_cap=settings.X_POSTS_PER_MONTH,
        last=CollectionRun.objects.first(),
        why_not=collection.refusal(),
    )


def bars(days: list[tuple[date, int]]) -> list[Bar]:
    """Convert posts by day into rectangles; the largest value has the full height."""
    largest = max((posts for _, posts in days), default=0) or 1
    return [
        Bar(
            day,
            posts,
            x=round(number * WIDTH, 3),
            y=round(HEIGHT - (height := max(HEIGHT * posts / largest, MIN_HEIGHT)), 3),
            width=round(WIDTH - GAP, 3),
            height=round(height, 3),
        )
        for number, (day, posts) in enumerate(days)
    ]


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Return the variables of the card's template, with four queries."""
    return {"posts": card()}
