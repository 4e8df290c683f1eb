"""Which condition a live connection is in now: the one rule of pages, filters, metrics and alerts.

What was noted at the last look counts as long as that look is recent. After that the condition is
UNKNOWN. This is decided when it is read, because a worker that is dead cannot note anything. An
open incident may say something worse; then the condition is what the incident says.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Exists, IntegerField, OuterRef, Q, Value, When
from django.utils import timezone

from connect.health import severity
from connect.health.severity import Keys
from connect.health.worst import worst
from connect.models import Condition, Connection, Health, Stage
from tenants import batching
from tenants.batching import Asking, Sql, batched

# By then seven refreshes in a row have missed it.
UNSEEN_AFTER = timedelta(minutes=35)
WORST_FIRST = tuple(reversed(Condition))
_BY_PLACE = """
SELECT worst.place, count(*) FROM ({}) AS worst
JOIN connect_health health ON health.connection_id = worst.key
JOIN connect_connection connection ON connection.id = worst.key AND connection.stage = %s
GROUP BY worst.place
"""


def noted(health: Health, now: datetime | None = None) -> Condition:
    """Return what was noted at the last look, if that is recent. Incidents are left out."""
    limit = _limit(now)
    seen = health.sampled_at is not None and health.sampled_at > limit
    return Condition(health.condition) if seen else Condition.UNKNOWN


def is_noted(*wanted: Condition, now: datetime | None = None, path: str = "") -> Q:
    """Return what selects rows by what was noted. `path` leads from a row to its Health."""
    seen = Q(**{f"{path}sampled_at__gt": _limit(now)})
    found = Q(**{f"{path}condition__in": wanted})
    return found | ~seen if Condition.UNKNOWN in wanted else found & seen


def says(condition: Condition, now: datetime | None = None, path: str = "") -> Q:
    """Return what selects rows whose last look or an incident says this condition.

    The rows are those of Health, or with a path those of Connection: both have the same keys.
    """
    found = is_noted(condition, now=now, path=path)
    keys = severity.keys(condition)
    return found if keys is None else found | Q(pk__in=keys)


def noted_keys(*wanted: Condition, now: datetime | None = None) -> Keys:
    """Return the keys of what `is_noted` selects, as sets; those of a condition have an index."""
    rows, limit = Health.objects.order_by().values("pk"), _limit(now)
    noted = rows.filter(condition__in=wanted)
    if Condition.UNKNOWN not in wanted:
        return noted.filter(sampled_at__gt=limit)
    return batching.union(noted, rows.filter(Q(sampled_at__lte=limit) | Q(sampled_at=None)))


def keys(condition: Condition, now: datetime | None = None) -> Keys:
    """Return the keys of what `says` selects, as sets."""
    noted, said = noted_keys(condition, now=now), severity.keys(condition)
    return noted if said is None else batching.union(noted, said)


def expression(now: datetime | None = None) -> Case:
    """Return the condition now as SQL, to annotate rows of Health."""
    return _said(now, lambda condition: Value(condition.value), CharField())


def rank(now: datetime | None = None) -> Case:
    """Return the place of the condition now as SQL, 0 for the worst, to order rows of Health."""
    return _said(now, lambda condition: Value(WORST_FIRST.index(condition)), IntegerField())


def _said(now: datetime | None, of: Callable[[Condition], Value], field: Any) -> Case:
    # Most are well, and that takes one look into the incidents and not one for each condition.
    is_well = is_noted(Condition.HEALTHY, now=now) & ~Q(pk__in=severity.every())
    said = (When(says(each, now), then=of(each)) for each in WORST_FIRST)
    well = When(is_well, then=of(Condition.HEALTHY))
    return Case(well, *said, default=of(Condition.UNKNOWN), output_field=field)


def of_health(*wanted: Condition, now: datetime | None = None, path: str = "") -> Q:
    """Return what selects rows by their condition now. `path` leads from a row to its Health."""
    found = Q(pk__in=[])
    for condition in wanted:
        worse = WORST_FIRST[: WORST_FIRST.index(condition)]
        one = says(condition, now, path)
        for each in worse:
            one &= ~says(each, now, path)
        found |= one
    return found


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


@batched
def counts(now: datetime | None = None) -> Asking[dict[Condition, int]]:
    """Count the live connections by condition, best first, with three queries.

    Most are healthy. Only the others are judged, and the healthy are what is left of all.
    """
    others = [each for each in Condition if each != Condition.HEALTHY]
    said = worst((others.index(each), keys(each, now)) for each in others)
    live = batching.count(Connection.objects.filter(stage=Stage.LIVE))
    seen = batching.count(Health.objects.filter(is_live()))
    judged = Sql(_BY_PLACE.format(said.text), (*said.params, Stage.LIVE.value), 2)
    places, every, looked_at = yield judged, live, seen
    found = {others[place]: number for place, number in places}
    unseen = max(0, batching.number(every) - batching.number(looked_at))
    found[Condition.UNKNOWN] = found.get(Condition.UNKNOWN, 0) + unseen
    found[Condition.HEALTHY] = max(0, batching.number(every) - sum(found.values()))
    return {each: found.get(each, 0) for each in Condition}


def _limit(now: datetime | None) -> datetime:
    return (now or timezone.now()) - UNSEEN_AFTER
