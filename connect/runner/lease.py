"""The lease on a connection: at most one process works on it, and a dead one loses it by itself."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from connect.models import Connection
from tenants.models import Tenant

# Longer than a task may run (settings.TASK_TIMEOUT), so that a lease never ends under living work.
LEASE = timedelta(seconds=150)


class LostLease(Exception):
    """The lease ran out and somebody else took over: drop what you were about to write."""


class Claim:
    """The right to work on one connection, until `release`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lease = connection.lease

    @property
    def tenant(self) -> Tenant:
        return self.connection.tenant

    def record(self, **facts: Any) -> None:
        """Write facts down at once, before an act whose answer may be lost. Raises LostLease."""
        mine = Connection.objects.filter(pk=self.connection.pk, lease=self.lease)
        if not mine.update(**facts):
            raise LostLease
        for name, value in facts.items():
            setattr(self.connection, name, value)

    def release(self, **facts: Any) -> None:
        """Write facts down and give the lease back. Raises LostLease."""
        self.record(**facts, lease=None, lease_expires_at=None)

    def confirm(self) -> None:
        """Make sure that the lease is still held, and until the transaction ends. Raises LostLease.

        For writing elsewhere what only the holder of the lease may write.
        """
        self.record(lease=self.lease)

    def give_back(self) -> None:
        """Release the lease where nobody has: what was done was no attempt of the stage's step."""
        before = max(self.connection.attempts - 1, 0)
        Connection.objects.filter(pk=self.connection.pk, lease=self.lease).update(
            lease=None, lease_expires_at=None, attempts=before
        )


def take(connection_id: int, *, due: bool = True, blocked: bool = False) -> Claim | None:
    """Take the lease of a connection; None when somebody has it, or it is not what was asked for.

    `due` takes it only when its time has come; `blocked` takes it even when it waits for staff.
    The attempt is counted here, before the work, so that a process which dies is counted too.
    """
    now = timezone.now()
    wanted = free(now) & Q(pk=connection_id)
    if due:
        wanted &= Q(next_attempt_at__lte=now)
    if not blocked:
        wanted &= Q(blocked_at=None)
    lease = uuid.uuid4()
    taken = Connection.objects.filter(wanted).update(
        lease=lease, lease_expires_at=now + LEASE, queued_at=None, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return Claim(Connection.objects.select_related("tenant").get(pk=connection_id))


def mark_due_as_queued(limit: int, again_after: timedelta) -> list[int]:
    """Return the ids of due connections that nobody works on, marked so that they come up once.

    A task that was lost comes up again after `again_after`.
    """
    now = timezone.now()
    waiting = Q(queued_at=None) | Q(queued_at__lte=now - again_after)
    with transaction.atomic():
        due = Connection.objects.filter(
            free(now) & waiting, next_attempt_at__lte=now, blocked_at=None
        ).order_by("next_attempt_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        Connection.objects.filter(pk__in=ids).update(queued_at=now)
    return ids


def free(now: datetime) -> Q:
    """Match connections that nobody works on."""
    return Q(lease=None) | Q(lease_expires_at__lte=now)
