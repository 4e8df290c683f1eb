"""The parts of a tenant's page besides the form. All but the link refresh themselves."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from connect import holds, standing
from connect.models import Connection, Stage
from connect.placement import costs
from portal import moments, show
from portal.actions.action import Staff
from portal.actions.subject import Subject
from portal.admin.panels import health as health_panel
from portal.admin.panels.stepper import stays, steps
from tenants import links
from tenants.models import Event, EventKind, Tenant

MAX_EVENTS = 50
MAX_MESSAGES = 10
MAX_SAMPLES = 8
MAX_STAGES = 100
MOVING, RESTING, ENDED = 2, 5, 0  # seconds between refreshes; 0: no refresh
# For those who move through a page by keyboard, each time is a tab stop.
_time = partial(moments.element, alone=True, none="")
_TROUBLES = (EventKind.TROUBLE, EventKind.BLOCKED)
# The timeline's filters: the name in the address, the label, the kinds of events. Each kind is in
# one of them at least, or nobody who filters would find it.
FILTERS: dict[str, tuple[str, tuple[EventKind, ...]]] = {
    "": ("All", ()),
    "progress": (
        "Progress",
        (
            EventKind.REGISTERED,
            EventKind.REGISTERED_AGAIN,
            EventKind.APPROVED,
            EventKind.CONSENTED,
            EventKind.STAGE,
            EventKind.WAITING,
            EventKind.ADDON_CREATED,
            EventKind.AUTHORIZED,
            EventKind.LIVE,
            EventKind.RESUMED,
            EventKind.OFFBOARDED,
        ),
    ),
    "trouble": (
        "Trouble",
        (
            *_TROUBLES,
            EventKind.INCIDENT,
            EventKind.HEALING,
            EventKind.CONFLICT,
            EventKind.RETURNED,
            EventKind.CONSENT_REFUSED,
            EventKind.GRANT_LOST,
        ),
    ),
    "staff": ("Staff", (EventKind.STAFF_ACTION, EventKind.APPROVED, EventKind.NOTE)),
    "notes": ("Notes", (EventKind.NOTE,)),
    "messages": ("E-mails", (EventKind.MESSAGE,)),
}


@dataclass(frozen=True)
class TimelineFilter:
    """One of the timeline's filters."""

    label: str
    url: str
    current: bool


def context(tenant: Tenant, subject: Subject, wanted: str, find: str = "") -> dict[str, Any]:
    """Return the context of the live parts; `wanted` and `find` filter the timeline."""
    rows = list(tenant.connections.select_related("template", "drift", "host_app"))
    # The same row, but with what the page needs joined to it.
    shown = subject.connection and next(row for row in rows if row.pk == subject.connection.pk)
    shown = shown or (rows[0] if rows else None)
    earlier = [row for row in rows if row != shown]
    wanted = wanted if wanted in FILTERS else ""
    # Of the row that is shown: the worker may have changed it since the subject was read.
    found = standing.of_tenant(tenant, shown if subject.connection else None)
    return {
        "tenant": tenant,
        "connection": shown,
        "facts": facts(shown) if shown else [],
        "standing": found,
        "steps": steps(shown, found, _stays(tenant, shown, earlier)) if shown else [],
        "holds": holds.of_connection(shown, timezone.now()) if shown else [],
        "earlier": earlier,
        "attempt": _last_trouble(tenant) if shown and shown.last_error else None,
        "mappings": shown.mappings.all() if shown else [],
        "samples": shown.samples.all()[:MAX_SAMPLES] if shown else [],
        "mails": tenant.messages.defer("text", "html")[:MAX_MESSAGES],
        "events": _events(tenant, wanted, find)[:MAX_EVENTS],
        "filters": _filters(wanted, find),
        "timeline": wanted,
        "find": find,
        "live_url": _live_url(tenant, timeline=wanted, find=find),
        "every": _every(tenant, shown),
        "sync": health_panel.of_tenant(shown),
    }


def subscriber_link(tenant: Tenant, user: Staff) -> str:
    """Return the subscriber's link; "" for users who may not send it."""
    if tenant.offboarded_at or not user.has_perm("tenants.resend_message"):
        return ""
    return links.sign_in_url(tenant)


def facts(connection: Connection) -> list[tuple[str, Any]]:
    """Return the known facts of a connection, as pairs of a name and a value."""
    pairs = [
        ("State", show.state_of(connection) if connection.state else ""),
        ("Seen", _time(connection.seen_at)),
        ("Add-on", show.copied("addon", "add-on", connection.addon_name)),
        ("Host app", connection.host_app or ""),
        ("Plan", connection.plan),
        ("Cost", _cost(connection)),
        ("Connection id", show.copied("connection", "connection id", connection.connection_id)),
        ("Region", connection.region_url),
        ("Schema", show.copied("schema", "schema", connection.schema_name)),
        ("Salesforce user", connection.salesforce_username),
        ("API version", connection.api_version),
        ("Mappings", connection.template or ""),
        ("Compared with them", _drift(connection)),
        ("Authorized", _time(connection.authorized_at)),
        ("Went live", _time(connection.live_at)),
        ("At its end", _fate(connection)),
    ]
    return [(name, value) for name, value in pairs if value]


def _fate(connection: Connection) -> str:
    return connection.get_schema_fate_display() if connection.stage == Stage.GRACE else ""


def _cost(connection: Connection) -> str:
    cents = connection.monthly_cents
    return f"{costs.dollars(cents)} a month" if cents is not None else ""


def _drift(connection: Connection) -> str:
    drift = getattr(connection, "drift", None)
    return show.link(drift, drift.get_state_display()) if drift else ""


def _every(tenant: Tenant, connection: Connection | None) -> int:
    # The tenant was read first. Only if it had ended by then does all of the page show the end.
    if tenant.offboarded_at:
        return ENDED
    if connection is None:
        return MOVING
    return RESTING if connection.stage in (Stage.LIVE, Stage.GRACE) else MOVING


def _stays(tenant: Tenant, shown: Connection, earlier: list[Connection]) -> dict[str, Any]:
    begun = _begun(tenant, shown, earlier)
    # A blocked event names its stage too, but does not enter it.
    entered = tenant.events.filter(at__gte=begun, data__has_key="stage").exclude(
        kind=EventKind.BLOCKED
    )
    newest = list(entered.values_list("data__stage", "at")[:MAX_STAGES])
    way = [(str(Stage.WAITING_FOR_PROOF), begun), *reversed(newest)]
    return stays(way, timezone.now())


def _begun(tenant: Tenant, shown: Connection, earlier: list[Connection]) -> datetime:
    # A later connection of the tenant begins where the one before it ended.
    ends = [row.offboarded_at for row in earlier if row.generation < shown.generation]
    return max((end for end in ends if end), default=tenant.registered_at)


def _last_trouble(tenant: Tenant) -> Event | None:
    return tenant.events.filter(kind__in=_TROUBLES).first()


def _live_url(tenant: Tenant, **filters: str) -> str:
    return f"{reverse('admin:tenants_tenant_live', args=[tenant.pk])}?{urlencode(filters)}"


def _events(tenant: Tenant, wanted: str, find: str) -> QuerySet[Event]:
    _, kinds = FILTERS[wanted]
    events = tenant.events.filter(kind__in=kinds) if kinds else tenant.events.all()
    return events.filter(text__icontains=find) if find else events


def _filters(wanted: str, find: str) -> list[TimelineFilter]:
    kept = {"find": find} if find else {}
    return [
        TimelineFilter(label, f"?{urlencode({'timeline': name, **kept})}#timeline", name == wanted)
        for name, (label, _) in FILTERS.items()
    ]
