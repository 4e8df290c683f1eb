"""One tenant of a roll-out, held by the worker that has the lease of its connection."""

from typing import Any

from django.db import transaction

from connect.clients.accounts import Remote, remote_of
from connect.models import Connection, Rollout, RolloutItem
from connect.runner.lease import Claim
from tenants import timeline
from tenants.models import EventKind, Tenant


class ItemClaim:
    """The item, its connection, and the right to work on both until the lease is released."""

    def __init__(self, item: RolloutItem, connection_claim: Claim) -> None:
        self.item = item
        self.connection_claim = connection_claim

    @property
    def rollout(self) -> Rollout:
        return self.item.rollout

    @property
    def connection(self) -> Connection:
        return self.connection_claim.connection

    @property
    def tenant(self) -> Tenant:
        return self.connection_claim.tenant

    @property
    def remote(self) -> Remote:
        """Where Heroku Connect serves the connection, and with whose token it is called."""
        return remote_of(self.connection)

    def record(self, **facts: Any) -> None:
        """Write facts of the item at once. Raises LostLease."""
        # An item has no lease of its own, so the connection's is confirmed in the same transaction.
        with transaction.atomic():
            self.connection_claim.confirm()
            RolloutItem.objects.filter(pk=self.item.pk).update(**facts)
        for name, value in facts.items():
            setattr(self.item, name, value)

    def release(self, **facts: Any) -> None:
        """Write facts of the item and give the lease back. Raises LostLease."""
        with transaction.atomic():
            self.record(**facts)
            # The connection's own count belongs to provisioning; the item counts its attempts
            # itself.
            self.connection_claim.release_uncounted()

    def reload(self) -> None:
        """Read the item and its connection again."""
        self.item.refresh_from_db()
        self.connection.refresh_from_db()

    def note(self, kind: EventKind, text: str, request_id: str = "") -> None:
        """Write a line to the tenant's timeline in the name of the roll-out's author."""
        timeline.note(self.tenant, kind, text, actor=self.rollout.author, request_id=request_id)
