"""Rows for each state that a connection can be in, made from the facts that the code lists."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from connect import standing
from connect.models import (
    ENDING,
    REGIONAL,
    Condition,
    Connection,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentStatus,
    Stage,
    WriteError,
)
from connect.provisioning import stages
from connect.standing import Facts, Standing
from tenants.models import GrantStatus, SalesforceGrant, Tenant
from tenants.progress import Button

EVERY: list[tuple[Facts, Standing]] = standing.every()
_AUTHORIZED = (Stage.IMPORTING_MAPPINGS, Stage.LOADING, Stage.LIVE, *ENDING)


def make(tenant: Tenant, facts: Facts) -> Connection | None:
    """Store a tenant's connection as the facts say; None where there is none yet."""
    if facts.stage is None:
        return None
    connection = Connection.objects.create(tenant=tenant, **_fields(tenant, facts, facts.stage))
    if facts.stage == Stage.OFFBOARDED:
        Tenant.objects.filter(pk=tenant.pk).update(offboarded_at=timezone.now())
    if facts.stage == Stage.LIVE:
        _add_live(connection, facts)
    return connection


def _fields(tenant: Tenant, facts: Facts, stage: Stage) -> dict[str, Any]:
    now = timezone.now()
    since = now - timedelta(hours=2)
    reached = stage in _AUTHORIZED
    return {
        "stage": stage,
        "stage_since": since,
        "next_attempt_at": None,
        "waiting_on": facts.waiting_on,
        "waiting_for": facts.waiting_for,
        "blocked_at": since if facts.blocked else None,
        "blocked_kind": facts.blocked or "",
        "blocked_reason": facts.blocked_reason,
        "trouble_since": since if facts.trouble_since else None,
        "addon_name": f"hc-{tenant.org_id.lower()}-1",
        "connection_id": f"conn-{tenant.pk}",
        # One of its own, so that the trouble of a region is that of this connection alone.
        "region_url": f"https://region-{tenant.pk}.example",
        "organization_id": tenant.org_id if reached else "",
        "state": facts.state or "IDLE",
        "ends_at": facts.ends_at,
        "stage_before": Stage.LIVE if stage in stages.UNDOABLE else "",
        "paused_until": now + timedelta(hours=1) if facts.paused_until else None,
        "pause_note": facts.pause_note,
        "authorized_at": since if reached else None,
        "live_at": since if stage in (Stage.LIVE, *ENDING) else None,
        "offboarded_at": now if stage == Stage.OFFBOARDED else None,
    }


def _add_live(connection: Connection, facts: Facts) -> None:
    now = timezone.now()
    unknown = facts.condition == Condition.UNKNOWN and not facts.seen
    Health.objects.create(
        connection=connection,
        condition=facts.condition,
        reason=facts.condition_reason,
        since=now - timedelta(hours=2),
        sampled_at=now,
        unknown_since=now - timedelta(hours=1) if unknown else None,
    )
    for each in facts.incidents:
        is_regional = each.kind in REGIONAL
        Incident.objects.create(
            kind=each.kind,
            text=each.text,
            status=IncidentStatus.OPEN,
            suspected_at=now - timedelta(hours=2),
            opened_at=now - timedelta(hours=1),
            absent_since=now if each.well_since else None,
            connection=None if is_regional else connection,
            region_url=connection.region_url if is_regional else "",
        )
    if facts.drifted_since:
        Drift.objects.create(connection=connection, state=DriftState.DRIFTED)
    if facts.failed_writes:
        WriteError.objects.create(
            connection=connection,
            table_name="account",
            cause="INVALID_FIELD",
            failed=facts.failed_writes,
        )


def sign_in(tenant: Tenant, seen: Standing) -> SalesforceGrant | None:
    """Store a grant, as it is where the subscriber is not asked to sign in; a lost one if again."""
    asks = seen.subscriber.button == Button.SIGN_IN
    if asks and "again" not in seen.subscriber.headline:
        return None
    return grant(tenant, GrantStatus.REFUSED if asks else GrantStatus.ACTIVE)


def grant(tenant: Tenant, status: GrantStatus = GrantStatus.ACTIVE) -> SalesforceGrant:
    """Store a grant. Its tokens are invalid."""
    return SalesforceGrant.objects.create(
        tenant=tenant,
        access_token="00Dfake!token",
        refresh_token="5Aepfake",
        instance_url="https://acme.my.salesforce.com",
        identity_url="https://login.salesforce.com/id/00D/005",
        username="ops@acme.example",
        user_id="005xx000001SwiUAAS",
        scopes="api id refresh_token",
        issued_at=timezone.now(),
        status=status,
    )
