"""Which condition a live connection is in now: the one rule of pages, filters, metrics and alerts.

What was noted at the last look counts as long as that look is recent. After that the condition is
UNKNOWN. This is decided when it is read, because a worker that is dead cannot note anything.
"""

from datetime import datetime, timedelta

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from connect.models import Condition, Connection, Health, Stage

# By then seven refreshes in a row have missed it.
UNSEEN_AFTER = timedelta(minutes=35)


def current(health: Health, now: datetime | None = None) -> Condition:
    """Return the condition of one connection."""
    limit = _limit(now)
    seen = health.sampled_at is not None and health.sampled_at > limit
    return Condition(health.condition) if seen else Condition.UNKNOWN


def expression(now: datetime | None = None) -> Case:
    """Return the same as SQL, to annotate rows of Health."""
    seen = When(sampled_at__gt=_limit(now), then=F("condition"))
    return Case(seen, default=Value(Condition.UNKNOWN.value), output_field=CharField())


def of_health(*wanted: Condition, now: datetime | None = None, path: str = "") -> Q:
    """Return what selects rows of Health by their condition now. `path` leads from a row to it."""
    seen = Q(**{f"{path}sampled_at__gt": _limit(now)})
    noted = Q(**{f"{path}condition__in": wanted})
    return noted | ~seen if Condition.UNKNOWN in wanted else noted & seen


def of_connection(*wanted: Condition, now: datetime | None = None) -> Q:
    """Return what selects live connections by their condition now."""
    return Q(stage=Stage.LIVE) & of_health(*wanted, now=now, path="health__")


def is_live() -> Q:
    """Return what selects rows about live connections, for rows that nearly all are about one.

    Few connections are not live, and those have an index of their own (connection_not_live): to
    leave them out costs less than to look up all the others.
    """
    not_live = Connection.objects.filter(pk=OuterRef("connection")).exclude(stage=Stage.LIVE)
    return ~Q(Exists(not_live))


def counts(now: datetime | None = None) -> dict[Condition, int]:
    """Count the live connections by condition, best first, with two queries. They add up to all."""
    seen = Health.objects.filter(is_live(), sampled_at__gt=_limit(now)).order_by()
    found = dict(seen.values_list("condition").annotate(Count("condition")))
    live = Connection.objects.filter(stage=Stage.LIVE, offboarded_at=None).count()
    counted = {each: int(found.get(each, 0)) for each in Condition}
    counted[Condition.UNKNOWN] = 0
    # The rest: noted as unknown, seen too long ago, or never looked at.
    counted[Condition.UNKNOWN] = max(0, live - sum(counted.values()))
    return counted


def _limit(now: datetime | None) -> datetime:
    return (now or timezone.now()) - UNSEEN_AFTER
