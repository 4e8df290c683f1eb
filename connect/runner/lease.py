"""The lease on a connection. Everything that changes a connection holds it."""

from contextlib import suppress
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from connect import databases
from connect.models import Connection
from tenants import leases
from tenants.models import Tenant

_ROWS = Connection.objects.select_related("tenant", "host_app")


class Claim(leases.Lease[Connection]):
    """The right to work on one connection, until it is released."""

    @property
    def connection(self) -> Connection:
        return self.row

    @property
    def tenant(self) -> Tenant:
        return self.row.tenant

    def release_uncounted(self) -> None:
        """Release the lease if it is still held, and do not count this as an attempt of the stage.

        For other work than the steps of provisioning: operations of staff and roll-outs.
        """
        # take() counted one; without this, operations of staff would use up the stage's attempts.
        before = max(self.connection.attempts - 1, 0)
        with suppress(leases.LostLease):
            self.release(attempts=before)

    def go_on(self, **facts: Any) -> None:
        """Write facts and hold the lease for the next step. Raises LostLease.

        The attempt of that step is counted here, before its work, as `take` counts it.
        """
        ends = timezone.now() + leases.LEASE
        self.record(**{**facts, "attempts": 1, "lease_expires_at": ends})

    def again(self, only: Q) -> "Claim | None":
        """Read the row for the next step; None, and the lease released, if it is not as asked for.

        `only`: as in `take`. A row is put off or blocked under its lease only, so that is not
        asked.
        """
        rows = _ROWS.filter(only, pk=self.row.pk, lease=self.key)
        # Else a lost session would keep the row until its lease ends.
        row = databases.ask_again(rows.first)
        if row:
            return Claim(row, self.key)
        self.end()
        return None

    def end(self) -> None:
        """Release the lease, if it is still held: the step that `go_on` counted is not run."""
        with suppress(leases.LostLease):
            databases.ask_again(lambda: self.release(attempts=0))


def take(
    connection_id: int,
    *,
    due: bool = True,
    blocked: bool = False,
    only: Q | None = None,
    **facts: Any,
) -> Claim | None:
    """Take the lease of a connection; None if another worker holds it or it is not as asked for.

    `due=True` takes it only when its time has come; `blocked=True` takes it even when it waits for
    staff; `only` is a further condition; `facts` are written with it. The attempt is counted here,
    before the work.
    """
    wanted = Q(pk=connection_id)
    if due:
        wanted &= Q(next_attempt_at__lte=timezone.now())
    if not blocked:
        # Only staff end a block, so the reconciler and its sweep leave these rows alone.
        wanted &= Q(blocked_at=None)
    rows = Connection.objects.filter(wanted, only or Q())
    key = leases.take(rows, attempts=F("attempts") + 1, **facts)
    if key is None:
        return None
    # Read after the lease was taken: until then another worker could still write the row.
    return Claim(_ROWS.get(pk=connection_id), key)
