"""Each fact that is kept has the incident that fits it, and a paused or unseen tenant has none."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connect.health import causes, states
from connect.models import Connection, Health, IncidentKind
from tenants.models import SalesforceGrant, Tenant
from tests import cast

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
K = IncidentKind


def health(state: str = "IDLE", **facts: Any) -> Health:
    """A connection's health that was never stored."""
    tenant = Tenant(**cast.ACME)
    status = facts.pop("grant", "active")
    tenant.grant = SalesforceGrant(tenant=tenant, username="ops@acme.example", status=status)
    connection = Connection(tenant=tenant, state=state)
    known = {"condition": states.overall(state, []), "sampled_at": NOW, "reason": "Why"}
    return Health(connection=connection, **{**known, **facts})


@pytest.mark.parametrize(
    ("state", "facts", "kinds"),
    [
        ("IDLE", {}, set()),
        ("BUSY", {}, set()),
        ("UNAUTHORIZED", {}, {K.UNAUTHORIZED}),
        ("NEED_AUTHENTICATION", {}, {K.UNAUTHORIZED}),
        ("SYSTEM_ERROR", {}, {K.SYSTEM_ERROR}),
        ("DB_UNAVAILABLE", {}, {K.DB_UNAVAILABLE}),
        ("TOO_MANY_ROWS", {}, {K.TOO_MANY_ROWS}),
        ("HEROKU_UNAUTH", {}, {K.HEROKU_UNAUTH}),
        ("INACTIVE_ORG", {}, {K.INACTIVE_ORG}),
        ("SYSTEM_ON_ICE", {}, {K.SHELVED}),
        ("PAUSED", {}, {K.PAUSED}),
        ("PAUSED", {"paused_by": "olga"}, set()),
        ("SOMETHING_NEW", {}, {K.STRANGE_STATE}),
        ("IDLE", {"condition": "degraded"}, {K.MAPPING}),
        ("IDLE", {"condition": "broken"}, {K.MAPPING}),
        ("IDLE", {"condition": "unknown"}, {K.STRANGE_STATE}),
        ("IDLE", {"condition": "unknown", "sampled_at": None}, set()),
        ("IDLE", {"condition": "unknown", "unknown_since": NOW}, set()),
        ("IDLE", {"organization_id": cast.ACME["org_id"]}, set()),
        ("IDLE", {"organization_id": cast.BOREALIS["org_id"]}, {K.WRONG_ORG}),
        ("IDLE", {"tables_missing": True}, {K.TABLES_MISSING}),
        ("IDLE", {"grant": "refused"}, {K.GRANT_LOST}),
        ("IDLE", {"grant": "refused", "unknown_since": NOW}, {K.GRANT_LOST}),
        ("IDLE", {"grant": "revoked"}, set()),
        ("IDLE", {"package_gone_at": NOW}, {K.UNINSTALLED}),
        ("IDLE", {"backlog_since": NOW - timedelta(minutes=59)}, set()),
        ("IDLE", {"backlog_since": NOW - timedelta(minutes=61)}, {K.STUCK_WRITES}),
        ("PAUSED", {"paused_by": "olga", "backlog_since": NOW - timedelta(days=2)}, set()),
        ("SYSTEM_ERROR", {"backlog_since": NOW - timedelta(days=2)}, {K.SYSTEM_ERROR}),
    ],
)
def test_facts_have_their_incidents(
    state: str, facts: dict[str, Any], kinds: set[IncidentKind]
) -> None:
    found = causes.of(health(state, **facts), NOW)
    assert set(found) == kinds
    assert all(text.endswith(".") for text in found.values())
    # What to do is said once, by the remedy.
    assert not [text for text in found.values() if re.search(r"\b(Ask|Resume|off-board)\b", text)]
