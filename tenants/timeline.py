"""Writing to a tenant's timeline."""

from typing import Any

from tenants.models import Event, EventKind, Tenant

PORTAL = "portal"
SUBSCRIBER = "subscriber"
PACKAGE = "package"


def note(
    tenant: Tenant | int, kind: EventKind, text: str, *, actor: str = PORTAL, **data: Any
) -> Event:
    """Append one event. `text` is a sentence for staff; `data` must be JSON and hold no secret."""
    tenant_id = tenant if isinstance(tenant, int) else tenant.pk
    return Event.objects.create(tenant_id=tenant_id, kind=kind, text=text, actor=actor, data=data)
