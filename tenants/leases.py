"""Leases: at most one worker works on a row, and a worker that dies loses the row by itself.

For every model with the fields `lease`, `lease_expires_at`, `queued_at` and `next_attempt_at`.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants import sweeps

Row = TypeVar("Row", bound=models.Model)

# Longer than a task may run (settings.TASK_TIMEOUT), so that a lease never ends during the work.
LEASE = timedelta(seconds=150)


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
        self.record(**facts, lease=None, lease_expires_at=None)

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
        lease=key, lease_expires_at=now + LEASE, queued_at=None, **facts
    )
    return key if taken else None


def free(now: datetime) -> Q:
    """Match the rows that no worker holds."""
    # A lease that ends later than any lease can was stored by a clock that was wrong.
    too_long = sweeps.in_future("lease_expires_at", now + LEASE)
    return Q(lease=None) | Q(lease_expires_at__lte=now) | too_long


def mark_queued(
    rows: QuerySet[Any], limit: int, again_after: timedelta = sweeps.REQUEUE_AFTER
) -> list[int]:
    """Return the ids of due rows that no worker holds, marked so that each is queued once."""
    return sweeps.mark_queued(rows.filter(free(timezone.now())), limit, again_after)
