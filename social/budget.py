"""How many calls X still takes, and how many posts the ISV still pays for. Shared by all workers.

Both are asked before a call and corrected after it. Posts are set aside for the largest answer
first, so that the cap holds even when several processes ask at once or one of them dies.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from social.models import CallAllowance, Spend

PEER = "x"
SMALLEST_ANSWER = 10  # X: max_results is 10 to 100
LARGEST_ANSWER = 100


class OutOfBudget(Exception):
    """No further call now; the text says why and until when."""


def take_call() -> None:
    """Count one call against X's rate limit. Raises OutOfBudget."""
    now = timezone.now()
    current = CallAllowance.objects.filter(peer=PEER, resets_at__gt=now)
    if current.filter(remaining__gt=0).update(remaining=F("remaining") - 1):
        return
    spent = current.first()
    if spent:
        raise OutOfBudget(f"X's rate limit is used up until {spent.resets_at:%H:%M:%S} UTC.")


def note_calls(remaining: int, resets_at: datetime) -> None:
    """Keep what X's last answer said is left."""
    CallAllowance.objects.bulk_create(
        [CallAllowance(peer=PEER, remaining=remaining, resets_at=resets_at)],
        update_conflicts=True,
        unique_fields=["peer"],
        update_fields=["remaining", "resets_at"],
    )


@dataclass(frozen=True)
class Aside:
    """Posts set aside on a UTC day for one answer."""

    day: date
    posts: int

    def give_back(self, *, all_but: int = 0) -> None:
        """Return what X did not use."""
        _subtract(self.day, self.posts - all_but)


@transaction.atomic
def set_posts_aside() -> Aside:
    """Set posts aside for one answer, and count the call. Raises OutOfBudget."""
    today = _today()
    Spend.objects.get_or_create(day=today)
    spent_today = Spend.objects.select_for_update().get(day=today).posts
    left = min(
        LARGEST_ANSWER,
        _left(settings.X_POSTS_PER_DAY, spent_today, "day"),
        _left(settings.X_POSTS_PER_MONTH, posts_in_month(today), "month"),
    )
    Spend.objects.filter(day=today).update(posts=F("posts") + left, calls=F("calls") + 1)
    return Aside(today, left)


def _left(cap: int, spent: int, period: str) -> int:
    if cap - spent < SMALLEST_ANSWER:
        name = f"X_POSTS_PER_{period.upper()}"
        raise OutOfBudget(f"The cap of {cap} posts a {period} ({name}) is reached.")
    return cap - spent


def take_back(posts: int) -> None:
    """Take posts from today's spend that X does not bill."""
    _subtract(_today(), posts)


def posts_in_month(day: date) -> int:
    """Return the posts paid for, or set aside, in the month of `day`."""
    month = Spend.objects.filter(day__year=day.year, day__month=day.month)
    return month.aggregate(total=Sum("posts"))["total"] or 0


def by_day(days: int) -> list[tuple[date, int]]:
    """Return the posts of each of the last days, oldest first."""
    first = _today() - timedelta(days=days - 1)
    known = dict(Spend.objects.filter(day__gte=first).values_list("day", "posts"))
    listed = (first + timedelta(days=number) for number in range(days))
    return [(day, known.get(day, 0)) for day in listed]


def _subtract(day: date, posts: int) -> None:
    if posts:  # never below 0: midnight may lie between a call and its answer
        left = Greatest(F("posts") - posts, 0)
        Spend.objects.filter(day=day).update(posts=left)


def _today() -> date:
    return datetime.now(UTC).date()
