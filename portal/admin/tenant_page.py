"""What a tenant's page shows beside the form."""

from typing import Any

from connect.models import Connection
from portal.admin import health_panel, show
from portal.admin.actions import Staff, Subject
from portal.admin.stepper import steps
from tenants import links
from tenants.models import Tenant

MOST_EVENTS = 50
MOST_MESSAGES = 10


def context(tenant: Tenant, subject: Subject, user: Staff) -> dict[str, Any]:
    """Return the template's variables; the subscriber's link only for those who may send it."""
    rows = list(tenant.connections.select_related("template", "drift"))
    shown = subject.connection and next(row for row in rows if row.pk == subject.connection.pk)
    shown = shown or (rows[0] if rows else None)
    return {
        "connection": shown,
        "facts": facts(shown) if shown else [],
        "steps": steps(shown) if shown else [],
        "earlier": [row for row in rows if row != shown],
        "mappings": shown.mappings.all() if shown else [],
        "mails": tenant.messages.defer("text", "html")[:MOST_MESSAGES],
        "events": tenant.events.all()[:MOST_EVENTS],
        "subscriber_link": _link(tenant, user),
        "sync": health_panel.of_tenant(shown),
    }


def facts(connection: Connection) -> list[tuple[str, Any]]:
    """Return the known facts of a connection, as pairs of a name and a value."""
    pairs = [
        ("State", show.state(connection.state) if connection.state else ""),
        ("Seen", connection.seen_at),
        ("Add-on", connection.addon_name),
        ("Plan", connection.plan),
        ("Connection id", connection.connection_id),
        ("Region", connection.region_url),
        ("Schema", connection.schema_name),
        ("Salesforce user", connection.salesforce_username),
        ("API version", connection.api_version),
        ("Mappings", connection.template or ""),
        ("Compared with them", _drift(connection)),
        ("Authorized", connection.authorized_at),
        ("Live since", connection.live_at),
    ]
    return [(name, value) for name, value in pairs if value]


def _drift(connection: Connection) -> str:
    drift = getattr(connection, "drift", None)
    return show.link(drift, drift.get_state_display()) if drift else ""


def _link(tenant: Tenant, user: Staff) -> str:
    if tenant.offboarded_at or not user.has_perm("tenants.resend_message"):
        return ""
    return links.sign_in_url(tenant)
