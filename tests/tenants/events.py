"""A tenant's timeline, from the callout to live and to the next generation."""

from datetime import UTC, datetime, timedelta

from tenants.models import Event, EventKind

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def event(minute: int, kind: EventKind, stage: str = "") -> Event:
    data = {"stage": stage} if stage else {}
    return Event(at=START + timedelta(minutes=minute), kind=kind, data=data)


REGISTERED = event(0, EventKind.REGISTERED)
CREATING = event(1, EventKind.STAGE, "creating_addon")
READY = event(2, EventKind.STAGE, "waiting_for_authorization")
WAITING = event(3, EventKind.WAITING)
AUTHORIZED = event(4, EventKind.AUTHORIZED, "importing_mappings")
LOADING = event(5, EventKind.STAGE, "loading")
LIVE = event(6, EventKind.LIVE, "live")
BLOCKED = event(7, EventKind.BLOCKED, "loading")
AGAIN = event(8, EventKind.STAGE, "creating_addon")
