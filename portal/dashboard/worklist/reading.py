"""Finding the rows of the worklist: one query for the counts, one for a page of keys.

So it costs the same for any number of tenants. Of a cause with very many rows only some are judged
by their age (MAX_JUDGED): those can be shown one by one, and the rest is counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet, Value

from connect.models import Connection
from connect.standing import Tone
from portal.dashboard import troubles
from portal.dashboard.attention import (
    CAUSES,
    MAX_JUDGED,
    Cause,
    asleep,
    awake,
)
from portal.dashboard.troubles import of_connections
from portal.dashboard.worklist.wanted import Wanted
from tenants import batching
from tenants.batching import Asking, batched, gather
from tenants.models import Tenant

PAGE_SIZE = 50
_WORST_FIRST = (Tone.BAD, Tone.WAIT, Tone.BUSY, Tone.MUTED, Tone.GOOD)


@dataclass(frozen=True)
class Found:
    """The key of one row that needs somebody, why, and since when."""

    cause: Cause
    pk: Any
    since: datetime


def in_order() -> list[Cause]:
    """Return the causes, the worst first."""
    return sorted(CAUSES, key=lambda cause: _WORST_FIRST.index(Tone(cause.tone)))


@batched
def counts(wanted: Wanted, reader: str, now: datetime) -> Asking[list[tuple[Cause, int]]]:
    """Count the rows of each cause that there is, the worst first. The filter by cause is open."""
    chosen = asleep if wanted.snoozed else awake
    tenants = wanted.narrow(chosen(Connection.objects.all(), now), reader)
    causes = in_order()
    own = [
        batching.count(_rows(cause, wanted, reader, now))
        for cause in causes
        if cause.model is not Tenant
    ]
    found, *numbers = yield from gather(troubles.counts.asking(tenants, now), *own)
    names = [cause.name for cause in causes if cause.model is not Tenant]
    found |= dict(zip(names, map(batching.number, numbers), strict=True))
    return [(cause, found[cause.name]) for cause in causes if found.get(cause.name)]


@batched
def page(
    counted: Sequence[tuple[Cause, int]],
    wanted: Wanted,
    reader: str,
    now: datetime,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Asking[list[Found]]:
    """Return one page, the first is number 1: the worst first, and the oldest of each cause."""
    start, queries = (number - 1) * size, []
    end = start + size
    for cause, count in counted:
        count = min(count, MAX_JUDGED)
        if start < count and end > 0:
            rows = _rows(cause, wanted, reader, now)
            queries.append(_keys(cause, rows)[max(start, 0) : min(end, count)])
        start, end = start - count, end - count
    return (yield from _all(queries))


def shown(counted: Iterable[tuple[Cause, int]]) -> int:
    """Return how many rows can be shown one by one."""
    return sum(min(count, MAX_JUDGED) for _, count in counted)


@batched
def among(keys: dict[type[Model], list[int]], now: datetime) -> Asking[list[Found]]:
    """Return those of some rows that need somebody now, or would if they were not snoozed."""
    tenants = Connection.objects.filter(tenant__in=keys.get(Tenant, ())).order_by()
    (pairs,) = yield [of_connections(tenants, now).values_list("pk", "cause")]
    causes, queries = dict(pairs), []
    for cause in CAUSES:
        if cause.model is Tenant:
            pks = [pk for pk, name in causes.items() if name == cause.name]
            rows = Connection.objects.filter(pk__in=pks)
        else:
            pks = keys.get(cause.model, [])
            rows = cause.found(now).filter(pk__in=pks)
        if pks:
            queries.append(_keys(cause, rows))
    return (yield from _all(queries))


def _rows(cause: Cause, wanted: Wanted, reader: str, now: datetime) -> QuerySet[Any]:
    return wanted.narrow(cause.rows(now, snoozed=bool(wanted.snoozed)), reader)


def _keys(cause: Cause, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    aged = cause.aged(rows).annotate(cause=Value(cause.name))
    keys: QuerySet[Any, Any] = aged.values_list("cause", "pk", "since")
    return keys


def _all(queries: list[QuerySet[Any, Any]]) -> Asking[list[Found]]:
    if not queries:
        return []
    causes = in_order()
    by_name = {cause.name: cause for cause in causes}
    (rows,) = yield [batching.union(*queries, all=True)]
    found = [Found(by_name[name], pk, since) for name, pk, since in rows]
    return sorted(found, key=lambda each: (causes.index(each.cause), each.since, each.pk))
