"""Leases: at most one worker works on a row, and a worker that dies loses the row by itself.

For every model with the fields `lease`, `lease_expires_at` and `lease_holder`.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils import timezone

from tenants import sweeps

Row = TypeVar("Row", bound=models.Model)

# Longer than a task may run (settings.TASK_TIMEOUT), so that a lease never ends during the work.
LEASE = timedelta(seconds=150)
_NO_LEASE: dict[str, Any] = {"lease": None, "lease_expires_at": None, "lease_holder": ""}


class Worker:
    """The name of this process's worker, as in its heartbeat; the processes it forks keep it.

    Other processes have none: their leases only end by themselves.
    """

    name = ""


class LostLease(Exception):
    """The lease ran out and another worker took it: drop what you were about to write."""


class Lease(Generic[Row]):
    """The right to work on one row until `release`. Only its holder can write."""

    def __init__(self, row: Row, key: uuid.UUID) -> None:
        """Hold `row` by the key that `take` returned."""
        self.row = row
        self.key = key

    @property
    def mine(self) -> QuerySet[Row]:
        """The row, as long as this lease holds; then nothing."""
        # Every write goes through this filter, so a worker that lost the lease writes nothing.
        rows: QuerySet[Row] = type(self.row)._default_manager.filter(pk=self.row.pk, lease=self.key)
        return rows

    def record(self, **facts: Any) -> None:
        """Write facts at once, before an act whose answer may be lost. Raises LostLease."""
        if not self.mine.update(**facts):
            raise LostLease
        for name, value in facts.items():
            setattr(self.row, name, value)

    def release(self, **facts: Any) -> None:
        """Write facts and give the lease back. Raises LostLease."""
        self.record(**facts, **_NO_LEASE)

    def confirm(self) -> None:
        """Make sure that the lease is held until the transaction ends. Raises LostLease.

        Call it before writing other rows that only the holder of the lease may write.
        """
        # An update and not a read: it locks the row, so nobody else can take the lease.
        self.record(lease=self.key)

    def renew(self, **conditions: Any) -> bool:
        """Let the lease last longer; False if it was lost, or the row does not match any more."""
        return bool(self.mine.filter(**conditions).update(lease_expires_at=timezone.now() + LEASE))


def take(row: QuerySet[Any], **facts: Any) -> uuid.UUID | None:
    """Take the lease of the one row that `row` matches, and write facts with it; return its key.

    Return None if another worker holds it, or nothing matches: a compare-and-swap, no waiting.
    """
    # A new key each time, so that the former holder's writes no longer match.
    now, key = timezone.now(), uuid.uuid4()
    taken = row.filter(free(now)).update(
        lease=key, lease_expires_at=now + LEASE, lease_holder=Worker.name, **facts
    )
    return key if taken else None


def free_dead(living: QuerySet[Any], silent_since: datetime | Combinable) -> int:
    """Free what workers hold that are not among the names of `living`; return how many rows.

    A lease that was taken after `silent_since` may be that of a worker that has not beaten yet.
    """
    old = Q(lease_expires_at__lt=silent_since + LEASE)
    return sum(
        each.filter(old).exclude(lease_holder__in=living).update(**_NO_LEASE) for each in _held()
    )


def free_of(worker: str) -> int:
    """Free what a worker holds that ends now; return how many rows."""
    return sum(each.filter(lease_holder=worker).update(**_NO_LEASE) for each in _held())


def _held() -> Iterator[QuerySet[Any]]:
    for model in apps.get_models():
        if hasattr(model, "lease_holder") and not model._meta.proxy:
            yield model._default_manager.exclude(lease_holder="")


def due(rows: QuerySet[Any], again_after: timedelta) -> QuerySet[Any, Any]:
    """Return the query of what `mark_queued` would take."""
    return sweeps.due(rows.filter(free(timezone.now())), again_after)


def free(now: datetime) -> Q:
    """Match the rows that no worker holds."""
    # A lease that ends later than any lease can was stored by a clock that was wrong.
    too_long = sweeps.in_future("lease_expires_at", now + LEASE)
    return Q(lease=None) | Q(lease_expires_at__lte=now) | too_long


def mark_queued(
    rows: QuerySet[Any],
    limit: int,
    again_after: timedelta = sweeps.REQUEUE_AFTER,
    mark: datetime | None = None,
) -> list[int]:
    """Return the ids of due rows that no worker holds, marked so that each is queued once.

    For models that have `queued_at` and `next_attempt_at` too.
    """
    return sweeps.mark_queued(rows.filter(free(timezone.now())), limit, again_after, mark)
