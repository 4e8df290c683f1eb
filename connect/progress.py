"""What a subscriber's page shows of the connection, read from the timeline."""

from collections.abc import Iterable
from datetime import datetime

from connect.models import Stage
from tenants import progress
from tenants.models import Event, EventKind, Tenant
from tenants.progress import Facts

# An event's data names the stage that it began. These begin the way again.
_FIRST_STAGES = (Stage.WAITING_FOR_PROOF, Stage.CREATING_ADDON)


def facts_of(tenant: Tenant) -> Facts:
    """Return what happened since the tenant registered. One query."""
    return read(Event.objects.filter(tenant=tenant, at__gte=tenant.registered_at).reverse())


def read(events: Iterable[Event]) -> Facts:
    """Combine a timeline, oldest event first. What a new start undoes is left out."""
    link_ready, blocked = False, False
    authorized_at: datetime | None = None
    live_at: datetime | None = None
    for event in events:
        stage = event.data.get("stage", "")
        # A block names its stage too, so it is handled before the stages.
        if event.kind == EventKind.BLOCKED:
            blocked = True
            continue
        # Any later sign of work shows that staff have ended the block.
        if stage or event.kind in (EventKind.WAITING, EventKind.TROUBLE):
            blocked = False
        if stage == Stage.WAITING_FOR_AUTHORIZATION or stage in _FIRST_STAGES:
            link_ready = stage == Stage.WAITING_FOR_AUTHORIZATION
            authorized_at, live_at = None, None
        if event.kind == EventKind.AUTHORIZED:
            authorized_at = event.at
        if event.kind == EventKind.LIVE:
            live_at = event.at
    return Facts(link_ready, authorized_at, live_at, blocked)


progress.register(facts_of)
