"""How many writes Salesforce refused: the product's one count.

It comes from the tenants' trigger logs, because what is counted there can be read row by row, sent
again and ignored. Heroku Connect's own count (Mapping.rows_failed) also holds rows that were
repaired long ago, names no row and no cause, and is shown only under Heroku Connect's name.
"""

from typing import Any

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from connect.health import conditions
from connect.models import Connection, WriteError
from tenants import batching
from tenants.batching import Asking, batched


def current() -> QuerySet[WriteError]:
    """Return the write errors that staff can still act on: those of live connections."""
    return WriteError.objects.filter(conditions.is_live())


@batched
def total() -> Asking[int]:
    """Return how many writes failed in all tenants, as last scanned."""
    (found,) = yield [_sum(current())]
    return batching.number(found)


def of(connection: Connection) -> int:
    """Return how many writes of one connection failed, as last scanned."""
    return batching.number(_sum(current().filter(connection=connection)))


def of_each(path: str) -> Coalesce:
    """Return the same as SQL, to annotate rows. `path` leads from a row to its connection."""
    mine = current().filter(connection=OuterRef(path)).order_by().values("connection")
    return Coalesce(Subquery(mine.annotate(writes=Sum("failed")).values("writes")), 0)


@batched
def by_cause(limit: int) -> Asking[list[Any]]:
    """Return the causes over all tenants, the most frequent first.

    Each has `cause`, `failed`, `tenants`, `tables` and `last_at`.
    """
    causes = (
        current()
        .order_by()
        .values("cause")
        .annotate(
            failed=Sum("failed"),
            tenants=Count("connection", distinct=True),
            tables=Count("table_name", distinct=True),
            last_at=Max("last_at"),
        )
    )
    (found,) = yield [causes.order_by(F("failed").desc(), "cause")[:limit]]
    return list(found)


def _sum(errors: QuerySet[WriteError]) -> QuerySet[Any, Any]:
    one = errors.order_by().values(one=Value(1))
    writes: QuerySet[Any, Any] = one.annotate(writes=Sum("failed")).values_list("writes", flat=True)
    return writes
