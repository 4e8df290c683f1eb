"""The dashboard's card about posts: how many came each day, what is left to spend, the last run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet, Subquery
from django.db.models.functions import Coalesce

from connect.holds import Hold
from portal.dashboard.areas import Chart, Series, stacked
from portal.dashboard.attention import Cause
from social import budget, collection, usage
from social.models import CollectionRun, ReportedUsage, RunOutcome
from tenants.batching import Asking, batched, gather

DAYS = 28


@dataclass(frozen=True)
class PostsCard:
    """What the card shows. `holds` say why nothing is collected, if so."""

    chart: Chart | None
    today: int
    month: int
    day_cap: int
    month_cap: int
    reported: ReportedUsage | None
    last: CollectionRun | None
    holds: list[Hold]


@batched
def card(now: datetime) -> Asking[PostsCard]:
    """Return the card, with seven queries."""
    (days, month), reported, last, holds = yield from gather(
        budget.lately.asking(DAYS),
        usage.latest.asking(),
        CollectionRun.objects.all()[:1],
        collection.holds.asking(now),
    )
    return PostsCard(
        chart=chart(days),
        today=days[-1][1],
        month=month,
        day_cap=settings.X_POSTS_PER_DAY,
        month_cap=settings.X_POSTS_PER_MONTH,
        reported=reported,
        last=next(iter(last), None),
        holds=holds,
    )


def chart(days: list[tuple[date, int]]) -> Chart | None:
    """Return a column for each day; None if there is no post."""
    posts = [number for _, number in days]
    if not any(posts):
        return None
    points, series = [f"{day:%-d %b}" for day, _ in days], Series("Posts", "good", posts)
    return stacked(points, [series], unit="posts", columns=True, end="today")


def runs_that_hit_the_cap(now: datetime) -> QuerySet[CollectionRun]:
    """Return the first run that a cap on spending stopped, while the cap is reached."""
    runs = CollectionRun.objects
    last_done = runs.filter(outcome=RunOutcome.DONE).order_by("-pk").values("pk")[:1]
    stopped = runs.filter(outcome=RunOutcome.PARTIAL, note__contains="The cap of")
    since = stopped.filter(budget.is_capped(), pk__gt=Coalesce(Subquery(last_done), 0))
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


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Return the variables of the card's template, with seven queries."""
    return {"posts": (yield from card.asking(now))}
