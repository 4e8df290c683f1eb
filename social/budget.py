"""The limits for calls to X and for billed posts. Shared by all workers.

Both are reserved before a call and corrected after it. The largest possible number of posts is
reserved, so that the cap holds with parallel processes and after a crash.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Greatest
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from social.models import CallAllowance, Spend
from tenants.batching import Asking, batched

PEER = "x"
MIN_RESULTS = 10  # X: max_results is 10 to 100
MAX_RESULTS = 100


class BudgetExceeded(Exception):
    """No more calls now; the text gives the reason and the end."""


def count_call() -> None:
    """Count one call against X's rate limit. Raises BudgetExceeded."""
    now = timezone.now()
    current = CallAllowance.objects.filter(peer=PEER, resets_at__gt=now)
    # One statement, so that two workers cannot both take the last call.
    if current.filter(remaining__gt=0).update(remaining=F("remaining") - 1):
        return
    # Without a row X's window is new or unknown, so the call is tried and its answer tells.
    spent = current.first()
    if spent:
        raise _rate_limited(spent)


def record_remaining(remaining: int, resets_at: datetime) -> None:
    """Store the remaining calls from X's last answer."""
    CallAllowance.objects.bulk_create(
        [CallAllowance(peer=PEER, remaining=remaining, resets_at=resets_at)],
        update_conflicts=True,
        unique_fields=["peer"],
        update_fields=["remaining", "resets_at"],
    )


@dataclass(frozen=True)
class Reservation:
    """Posts that are reserved for one answer."""

    day: date
    posts: int

    def release(self, *, all_but: int = 0) -> None:
        """Release the posts that X did not return."""
        _subtract(self.day, self.posts - all_but)


@transaction.atomic
def reserve_posts() -> Reservation:
    """Reserve posts for one answer, and count the call. Raises BudgetExceeded."""
    today = _today()
    Spend.objects.get_or_create(day=today)
    # The day's row is the lock: two reservations at once would both see the same rest.
    spent_today = Spend.objects.select_for_update().get(day=today).posts
    left = min(
        MAX_RESULTS,
        _left(settings.X_POSTS_PER_DAY, spent_today, "day"),
        _left(settings.X_POSTS_PER_MONTH, posts_in_month(today), "month"),
    )
    Spend.objects.filter(day=today).update(posts=F("posts") + left, calls=F("calls") + 1)
    return Reservation(today, left)


def count_users(users: int) -> None:
    """Count accounts that were looked up today."""
    today = _today()
    Spend.objects.get_or_create(day=today)
    Spend.objects.filter(day=today).update(users=F("users") + users)


@batched
def reason(now: datetime) -> Asking[str]:
    """Return why no more posts may be asked for now, or "". Two queries."""
    today = _today()
    calls = CallAllowance.objects.filter(peer=PEER, resets_at__gt=now, remaining=0)
    spent, month = yield calls[:1], _month(today).values_list("day", "posts")
    if spent:
        return str(_rate_limited(spent[0]))
    return _capped(dict(month).get(today, 0), sum(posts for _, posts in month))


def _capped(spent_today: int, spent_in_month: int) -> str:
    """Return which cap on spending is reached, or ""."""
    try:
        _left(settings.X_POSTS_PER_DAY, spent_today, "day")
        _left(settings.X_POSTS_PER_MONTH, spent_in_month, "month")
    except BudgetExceeded as spent:
        return str(spent)
    return ""


def is_capped() -> Q:
    """Return what selects all rows while a cap on spending is reached, else none."""
    today = _today()
    in_month = _month(today).order_by().values(one=Value(1)).annotate(sum=Sum("posts"))
    of_day = Subquery(Spend.objects.filter(day=today).values("posts"))
    of_month = Subquery(in_month.values("sum"))
    day, month = settings.X_POSTS_PER_DAY, settings.X_POSTS_PER_MONTH
    return Q(GreaterThan(of_day, day - MIN_RESULTS)) | Q(GreaterThan(of_month, month - MIN_RESULTS))


def _rate_limited(spent: CallAllowance) -> BudgetExceeded:
    return BudgetExceeded(f"X's rate limit is used up until {spent.resets_at:%H:%M:%S} UTC.")


def _left(cap: int, spent: int, period: str) -> int:
    # X takes no smaller max_results, so a smaller rest cannot be used.
    if cap - spent < MIN_RESULTS:
        name = f"X_POSTS_PER_{period.upper()}"
        raise BudgetExceeded(f"The cap of {cap} posts a {period} ({name}) is reached.")
    return cap - spent


def subtract(posts: int) -> None:
    """Subtract posts that X does not bill from today's spending."""
    _subtract(_today(), posts)


def posts_in_month(day: date) -> int:
    """Return the posts that are billed or reserved in the month of `day`."""
    return _month(day).aggregate(total=Sum("posts"))["total"] or 0


@batched
def lately(days: int) -> Asking[tuple[list[tuple[date, int]], int]]:
    """Return the posts of each of the last days, oldest first, and those of the month so far."""
    today = _today()
    first = today - timedelta(days=days - 1)
    since = Spend.objects.filter(day__gte=first).values_list("day", "posts")
    found, month = yield since, _month(today).values_list("posts", flat=True)
    known = dict(found)
    listed = (first + timedelta(days=number) for number in range(days))
    return [(day, known.get(day, 0)) for day in listed], sum(month)


def _month(day: date) -> QuerySet[Spend]:
    return Spend.objects.filter(day__year=day.year, day__month=day.month)


def _subtract(day: date, posts: int) -> None:
    if posts:  # never below 0: the day may change between a call and its answer
        left = Greatest(F("posts") - posts, 0)
        Spend.objects.filter(day=day).update(posts=left)


def _today() -> date:
    return datetime.now(UTC).date()
