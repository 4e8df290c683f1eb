"""Waiting until the org's admin has authorized Heroku Connect, with a link in the org itself."""

from django.utils import timezone

from connect import links, returns
from connect.clients import heroku_connect, salesforce
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import ConnectionDetail
from connect.models import BlockedKind, WaitingOn
from connect.provisioning import reminders
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked, Done, StepOutcome, Wait
from tenants import messages, orgid
from tenants.models import EventKind, MessageKind


def publishing_link(claim: Claim) -> StepOutcome:
    """Publish the portal's link in the org, on the package's page."""
    salesforce.publish_link(
        claim.tenant, claim.connection.connection_id, links.authorize_url(claim.tenant)
    )
    return Done(
        "The link to authorize Heroku Connect is in the org.",
        {"link_published_at": timezone.now()},
    )


def waiting_for_authorization(claim: Claim) -> StepOutcome:
    """Wait until the connection is authorized, and block if another org authorized it."""
    connection = claim.connection
    # Queued at each look; the key lets only the first one be stored.
    messages.queue(claim.tenant, MessageKind.AUTHORIZE, key=f"authorize:{connection.pk}")
    reminders.send_due(claim, MessageKind.AUTHORIZE_REMINDER)
    seen = heroku_connect.detail(remote_of(connection))
    if not seen.organization_id:
        returns.note_look(claim.tenant, is_authorized=False)
        return _wait(claim, seen)
    # Anyone with the link can authorize any org, so the org is compared before data flows.
    if not _same_org(seen.organization_id, claim.tenant.org_id):
        raise Blocked(
            BlockedKind.WRONG_ORG,
            f"The wrong org was authorized: {seen.organization_id} ({seen.username}) instead of "
            f"{claim.tenant.org_id}. Nothing was imported.",
        )
    return _authorized(claim, seen)


def _wait(claim: Claim, seen: ConnectionDetail) -> Wait:
    now = timezone.now()
    return Wait(
        now + reminders.poll_pause(now - claim.connection.stage_since),
        "the admin to authorize Heroku Connect",
        WaitingOn.SUBSCRIBER,
        facts={"state": seen.state, "seen_at": now},
    )


def wait_for_authorization_again(claim: Claim) -> Wait:
    """Return the wait for an authorization that was lost while the data was being loaded."""
    connection, now = claim.connection, timezone.now()
    lost = f"{connection.stage_since:%Y%m%d%H%M%S}"
    messages.queue(
        claim.tenant, MessageKind.AUTHORIZE_AGAIN, key=f"reauthorize:{connection.pk}:{lost}"
    )
    reminders.send_due(claim, MessageKind.AUTHORIZE_REMINDER)
    return Wait(
        now + reminders.poll_pause(now - connection.stage_since),
        "the admin to authorize Heroku Connect again",
        WaitingOn.SUBSCRIBER,
    )


def _authorized(claim: Claim, seen: ConnectionDetail) -> Done:
    now = timezone.now()
    return Done(
        f"{seen.username or 'Somebody'} authorized Heroku Connect.{_permission_warning(seen)}",
        {
            "state": seen.state,
            "seen_at": now,
            # Our spelling of it, which is the normalized one.
            "organization_id": claim.tenant.org_id,
            "salesforce_username": seen.username,
            "api_version": seen.api_version,
            "authorized_at": now,
        },
        EventKind.AUTHORIZED,
    )


def _same_org(seen: str, expected: str) -> bool:
    try:
        return orgid.normalize(seen) == expected
    except orgid.BadOrgId:
        return False


def _permission_warning(seen: ConnectionDetail) -> str:
    if seen.view_all_data is False:
        return " Warning: this user lacks “View All Data”, so records may be missing."
    return ""
