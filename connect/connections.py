"""A tenant's connections: creating the current one and the next generation."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from connect import databases, schemas
from connect.models import Connection
from tenants import timeline, whole
from tenants.models import EventKind, Tenant, erasures_of


def current(tenant: Tenant) -> Connection | None:
    """Return the tenant's connection that is not off-boarded, if it has one."""
    return Connection.objects.filter(tenant=tenant, offboarded_at=None).first()


def first(tenant: Tenant, **facts: Any) -> Connection:
    """Create the connection of a tenant that was created in this transaction, its org's first."""
    return Connection.objects.create(tenant=tenant, **facts)


def ensure(tenant_id: int) -> Connection | None:
    """Return the tenant's connection, created if missing; None for an off-boarded tenant."""
    with transaction.atomic(savepoint=False):
        # The tenant's row is locked, since the connection's may not exist yet. With no_key, events
        # that refer to the tenant can still be written.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        if tenant.offboarded_at:
            return None
        return current(tenant) or _next_generation(tenant)


def tenant_ids_without_connection(limit: int) -> list[int]:
    """Return ids of tenants without a connection (for example, because a signal was lost)."""
    its_own = Connection.objects.filter(tenant=OuterRef("pk"), offboarded_at=None)
    lost = Tenant.objects.filter(~Exists(its_own), offboarded_at=None)
    return list(lost.values_list("pk", flat=True)[:limit])


def finish(connection: Connection) -> None:
    """Finish an ended connection: off-board the tenant, or create the next generation."""
    tenant = connection.tenant
    if connection.start_over:
        _next_generation(tenant)
        return
    tenant.offboarded_at = timezone.now()
    tenant.save(update_fields=["offboarded_at"])
    timeline.note(tenant, EventKind.OFFBOARDED, "Off-boarded.")


def _next_generation(tenant: Tenant) -> Connection:
    last = tenant.connections.aggregate(last=Max("generation"))["last"]
    if not last:  # its schema names are used up even if all else of it was erased
        last = erasures_of(tenant).aggregate(last=Max("generations"))["last"]
    return Connection.objects.create(tenant=tenant, generation=(last or 0) + 1)


def drop_schemas(tenant: Tenant) -> int:
    """Drop all schemas of a tenant that is erased; return its highest generation."""
    for each in tenant.connections.exclude(schema_name="").select_related("host_app"):
        schemas.drop(each.schema_name, databases.alias_of(each))
    return tenant.connections.aggregate(last=Max("generation"))["last"] or 0


whole.register(drop_schemas)
