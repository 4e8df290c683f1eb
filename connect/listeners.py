"""Hearing from the floor below that a tenant registered, was approved or signed in."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from connect import connections
from connect.models import Connection, Stage
from connect.provisioning import reconciler
from tenants.models import Tenant
from tenants.queue import enqueue
from tenants.signals import tenant_changed

_WAITING_FOR_TENANT = (Stage.WAITING_FOR_PROOF, Stage.WAITING_FOR_CONSENT)


@receiver(tenant_changed)
def go_on(tenant: Tenant, **_: Any) -> None:
    """Make the tenant's connection, or wake the one that waits for such news.

    Runs in the transaction of the change, so the connection is made with it or not at all. Should
    the task get lost, the sweep finds the connection due.
    """
    connection = connections.ensure(tenant.pk)
    if connection is None:
        return
    waiting = Connection.objects.filter(
        pk=connection.pk, stage__in=_WAITING_FOR_TENANT, blocked_at=None
    )
    if waiting.update(next_attempt_at=timezone.now()):
        enqueue(reconciler.advance, connection.pk)
