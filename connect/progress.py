"""What a subscriber's page shows of the connection: how it stands now, in their words."""

from dataclasses import replace

from django.utils import timezone

from connect import connections, standing
from connect.models import ENDING, Connection, IncidentKind, Stage
from connect.standing import Facts as StandingFacts
from connect.standing import OpenIncident, Standing, Tone, subscriber
from connect.standing.reading import facts_of as read_facts
from tenants import progress
from tenants.models import GrantStatus, SalesforceGrant, Tenant
from tenants.progress import Button, Facts, ForSubscriber

_AT_REST = (Stage.LIVE, Stage.GRACE)


def facts_of(tenant: Tenant, grant: SalesforceGrant | None) -> Facts:
    """Return how a tenant's connection stands. One query, and four more once it is live."""
    connection = connections.current(tenant)
    seen = _seen(tenant, connection, grant)
    found = standing.judge(seen)
    said = _missing_access(connection, grant) or _said(seen, found, grant)
    is_busy = found.tone in (Tone.BUSY, Tone.MUTED) or said == subscriber.SETTING_UP
    return Facts(
        said=said,
        is_live=said == subscriber.LIVE,
        is_moving=is_busy and seen.stage not in _AT_REST and said.button == Button.NONE,
        authorized_at=connection.authorized_at if connection else None,
        live_at=connection.live_at if connection else None,
        synced_at=seen.synced_at,
        ends_at=seen.ends_at if seen.stage == Stage.GRACE else None,
    )


def _seen(
    tenant: Tenant, connection: Connection | None, grant: SalesforceGrant | None
) -> StandingFacts:
    if connection is None:
        return StandingFacts(None, tenant.registered_at)
    now = timezone.now()
    facts = read_facts([connection], now)[connection.pk]
    # The grant's own row knows of a sign-in before the incident opens or closes.
    incidents = [each for each in facts.incidents if each.kind != IncidentKind.GRANT_LOST]
    if facts.stage == Stage.LIVE and not _has_access(grant):
        incidents.append(OpenIncident(IncidentKind.GRANT_LOST, "", now))
    return replace(facts, incidents=tuple(incidents))


def _said(seen: StandingFacts, found: Standing, grant: SalesforceGrant | None) -> ForSubscriber:
    """Return what the page says. On the way to live the sign-in is asked for from the start."""
    said = found.subscriber
    if seen.stage in (Stage.LIVE, *ENDING) or found.tone == Tone.BAD:
        return said
    if _has_access(grant):
        # They have just signed in, and the portal has not looked yet.
        return subscriber.SETTING_UP if said.button == Button.SIGN_IN else said
    if said.button == Button.AUTHORIZE:
        return said
    is_lost = grant is not None and grant.status == GrantStatus.REFUSED
    return subscriber.SIGN_IN_AGAIN if is_lost else subscriber.SIGN_IN


def _missing_access(
    connection: Connection | None, grant: SalesforceGrant | None
) -> ForSubscriber | None:
    if connection is None or grant is None or not _has_access(grant):
        return None
    if connection.stage in ENDING:
        return None
    return subscriber.missing_access(grant.username, connection.missing_access)


def _has_access(grant: SalesforceGrant | None) -> bool:
    return grant is not None and grant.status == GrantStatus.ACTIVE


progress.register(facts_of)
