"""Receiver for changes of tenants: registration, approval, sign-in."""

from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from connect import connections
from connect.health import incidents
from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import reconciler, stages
from tenants import proof
from tenants.models import GrantStatus, SalesforceGrant, Tenant
from tenants.queue import enqueue
from tenants.signals import tenant_changed

_WAITING_FOR_TENANT = (Stage.WAITING_FOR_PROOF, Stage.WAITING_FOR_CONSENT)


# What a connection waits for whose tenant is proven: the next step is the portal's, also while it
# is held up.
_PROVEN = {"waiting_on": WaitingOn.PORTAL, "waiting_for": "its next step"}


@receiver(tenant_changed)
def on_tenant_changed(tenant: Tenant, *, is_first: bool = False, **_: Any) -> None:
    """Create the tenant's connection, or make a waiting connection due.

    Runs in the transaction of the change, so both are committed together. If the task is lost, the
    sweep finds the due connection.
    """
    if is_first:
        waits_for = _PROVEN if proof.is_proven(tenant) else {}
        mark = timezone.now()
        created = connections.first(tenant, queued_at=mark, **waits_for)
        enqueue(reconciler.advance, created.pk, mark.isoformat())
        return
    connection = connections.ensure(tenant.pk)
    if connection is None:
        return
    if SalesforceGrant.objects.filter(tenant=tenant, status=GrantStatus.ACTIVE).exists():
        incidents.grant_restored(connection)
    if proof.is_proven(tenant):
        _await_portal(connection)
    # No next attempt: it waits for the tenant, or for staff to lift the block of its org.
    for_tenant = Q(stage__in=_WAITING_FOR_TENANT) | Q(next_attempt_at=None, stage__in=stages.NEXT)
    # Asked for in the update itself: a worker may have moved the stage since then.
    reconciler.hurry(connection.pk, for_tenant)


def _await_portal(connection: Connection) -> None:
    """Note that the proof is there."""
    unproven = Connection.objects.filter(pk=connection.pk, stage=Stage.WAITING_FOR_PROOF)
    unproven.filter(blocked_at=None).update(**_PROVEN)
