"""What is wrong with a connection, judged from the facts in our tables. No calls, no clock."""

from datetime import datetime, timedelta

from connect.formats import counted, format_time
from connect.health import states
from connect.models import Condition, Health, IncidentKind
from tenants import grants
from tenants.models import LOST, Tenant

WRITES_ARE_STUCK = timedelta(hours=1)
MANY_FAILED_WRITES = 100  # of one cause: staff are alerted a second time
MAX_LISTED_CAUSES = 5
DB_UNAVAILABLE = "DB_UNAVAILABLE"
_BY_STATE = {
    states.UNAUTHORIZED: IncidentKind.UNAUTHORIZED,
    states.NEED_AUTHENTICATION: IncidentKind.UNAUTHORIZED,
    "SYSTEM_ERROR": IncidentKind.SYSTEM_ERROR,
    DB_UNAVAILABLE: IncidentKind.DB_UNAVAILABLE,
    "TOO_MANY_ROWS": IncidentKind.TOO_MANY_ROWS,
    "HEROKU_UNAUTH": IncidentKind.HEROKU_UNAUTH,
    "INACTIVE_ORG": IncidentKind.INACTIVE_ORG,
    "SYSTEM_ON_ICE": IncidentKind.SHELVED,
    "ICED": IncidentKind.SHELVED,
}
_PAUSED = (
    "Heroku Connect paused it, probably for inactivity; it was not paused in the portal. Changes "
    "in Postgres are kept."
)
_UNINSTALLED = "The package no longer answers in the org: it was probably uninstalled."
_TABLES = "System tables that Heroku Connect needs are missing in the tenant's schema."


def of(health: Health, now: datetime) -> dict[IncidentKind, str]:
    """Return what is wrong, as a sentence by kind. An unseen one is judged by its org alone."""
    found = _salesforce(health.connection.tenant, health)
    # The stored facts are from the last look; without a look they prove nothing about now.
    if health.unknown_since:
        return found
    for rule in (_state, _mappings, _org, _schema, _writes):
        found |= rule(health)
    waiting = health.backlog_since
    # While the connection is paused or broken, waiting writes are only its consequence.
    if waiting and now - waiting > WRITES_ARE_STUCK and health.condition in states.WELL:
        are = "is" if health.backlog == 1 else "are"
        found[IncidentKind.STUCK_WRITES] = (
            f"{counted(health.backlog, 'write')} {are} waiting for Heroku Connect, the oldest "
            f"since {format_time(waiting)}."
        )
    return found


def kind_of(state: str) -> IncidentKind | None:
    """Return the kind of incident that a connection's own state means; None for a good state."""
    return _BY_STATE.get(state)


def parts_of(health: Health, kind: IncidentKind) -> list[str]:
    """Return what an incident is about. A new part in an open incident is alerted too."""
    if kind == IncidentKind.MAPPING:
        return list(health.failing_mappings)
    if kind == IncidentKind.WRITE_ERRORS:
        failed = health.failing_writes.items()
        many = [cause for cause, count in failed if count > MANY_FAILED_WRITES]
        return [*health.failing_writes, *(f"more than {MANY_FAILED_WRITES} × {x}" for x in many)]
    return []


def _state(health: Health) -> dict[IncidentKind, str]:
    connection = health.connection
    kind = kind_of(connection.state)
    if kind:
        meaning = states.meaning(connection.state)
        return {kind: f"Heroku Connect reports {connection.state}: {meaning}"}
    # A pause by staff makes no incident; Heroku pauses idle connections by itself.
    if connection.state == states.PAUSED and not health.paused_by:
        return {IncidentKind.PAUSED: _PAUSED}
    if states.of_connection(connection.state) == Condition.UNKNOWN:
        text = f"Heroku Connect reports {connection.state!r}, an unknown state."
        return {IncidentKind.STRANGE_STATE: text}
    return {}


def _mappings(health: Health) -> dict[IncidentKind, str]:
    own = states.of_connection(health.connection.state)
    if health.sampled_at is None:  # never looked at
        return {}
    # A problem of the connection itself has an incident already; this is for mappings alone.
    if own not in states.WELL or health.condition in (*states.WELL, Condition.PAUSED):
        return {}
    kind = (
        IncidentKind.STRANGE_STATE
        if health.condition == Condition.UNKNOWN
        else IncidentKind.MAPPING
    )
    return {kind: f"{health.reason}. Heroku Connect's dashboard shows more."}


def _org(health: Health) -> dict[IncidentKind, str]:
    expected = health.connection.tenant.org_id
    if not health.organization_id or health.organization_id == expected:
        return {}
    return {
        IncidentKind.WRONG_ORG: f"The wrong org is authorized: {health.organization_id} instead of "
        f"{expected}. Pause the connection now, then have the right org authorize."
    }


def _writes(health: Health) -> dict[IncidentKind, str]:
    failed = sorted(health.failing_writes.items(), key=lambda pair: (-pair[1], pair[0]))
    if not failed:
        return {}
    listed = [f"{count:,} × {cause}" for cause, count in failed[:MAX_LISTED_CAUSES]]
    more = len(failed) - len(listed)
    rest = f"; and {counted(more, 'more cause')}" if more else ""
    text = f"Salesforce refuses writes: {'; '.join(listed)}{rest}. See “Write errors”."
    return {IncidentKind.WRITE_ERRORS: text}


def _schema(health: Health) -> dict[IncidentKind, str]:
    return {IncidentKind.TABLES_MISSING: _TABLES} if health.tables_missing else {}


def _salesforce(tenant: Tenant, health: Health) -> dict[IncidentKind, str]:
    found = {IncidentKind.UNINSTALLED: _UNINSTALLED} if health.package_gone_at else {}
    grant = grants.of(tenant)
    if grant and grant.status in LOST:
        found[IncidentKind.GRANT_LOST] = (
            f"{grants.why_lost(grant)} The portal does not call the org until its admin signs in"
            " again."
        )
    return found
