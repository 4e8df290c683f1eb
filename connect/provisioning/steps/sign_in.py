"""Waiting until the org's admin has signed in to Salesforce, as proof and as consent."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from connect.clients import salesforce
from connect.models import WaitingOn
from connect.provisioning import reminders
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, StepOutcome, Wait
from tenants import grants, messages, orgs, proof, recipients
from tenants.models import MessageKind, Proof

# An admin may give the permissions to the same user.
ACCESS_CHECK = timedelta(minutes=10)
_PROOF = "proof: the admin's Salesforce sign-in"


def waiting_for_proof(claim: Claim) -> StepOutcome:
    """Make nothing that costs money before it is shown that the org itself registered."""
    tenant = claim.tenant
    # Asked at the sign-in too: a permission may have been taken away since.
    if tenant.proof == Proof.CONSENT:
        try:
            missing = salesforce.missing_access(tenant)
        except grants.GrantLost:
            return _ask_to_sign_in(claim, f"{_PROOF}: the sign-in of before is no longer valid")
        if missing:
            return _ask_for_another_user(claim, missing)
    if proof.is_proven(tenant):
        text = f"The registration is proven: {tenant.get_proof_display().lower()}."
        return Done(text, {"missing_access": []})
    # Under this policy a sign-in does not count as proof, so nobody is asked for one.
    if settings.REGISTRATION_POLICY == "approval" and not orgs.is_allowed(tenant.org_id):
        return Wait(None, "approval by staff", WaitingOn.STAFF)
    return _ask_to_sign_in(claim, f"{_PROOF}, or approval by staff")


def _ask_for_another_user(claim: Claim, missing: list[str]) -> Wait:
    """Wait for a user with more permissions: the page says which, and a new sign-in ends it."""
    user = claim.tenant.grant.username
    return Wait(
        timezone.now() + ACCESS_CHECK,
        f"a user who may decide for the org: {user} lacks {'; '.join(missing)}"[:500],
        WaitingOn.SUBSCRIBER,
        facts={"missing_access": missing},
    )


def waiting_for_consent(claim: Claim) -> StepOutcome:
    """Wait for the admin's sign-in. It also proves that the person belongs to the org."""
    grant = grants.of(claim.tenant)
    if grant and grant.is_active:
        return Done(f"{grant.username} signed in to Salesforce.")
    return _ask_to_sign_in(claim, "the admin's Salesforce sign-in")


def _ask_to_sign_in(claim: Claim, reason: str) -> Wait:
    connection = claim.connection
    messages.queue(
        claim.tenant,
        MessageKind.SIGN_IN,
        # A new contact gets a mail of their own.
        key=f"sign_in:{connection.pk}:{_last_lost_grant(claim)}:{_contact(claim)}",
    )
    # Nobody is reminded whom only a stranger's callout may have named.
    if not claim.tenant.is_trusted("admin_email"):
        return Wait(None, reason, WaitingOn.SUBSCRIBER)
    reminders.send_due(claim, MessageKind.SIGN_IN_REMINDER)
    pause = reminders.next_after(timezone.now() - connection.stage_since)
    # The sign-in itself ends the wait by a signal; only the reminders need a time.
    until = timezone.now() + pause if pause else None
    return Wait(until, reason, WaitingOn.SUBSCRIBER)


def _last_lost_grant(claim: Claim) -> str:
    """Return a part of the key that differs for each lost grant, so that each gets a new mail."""
    grant = grants.of(claim.tenant)
    return f"{grant.issued_at:%Y%m%d%H%M%S}" if grant else "first"


def _contact(claim: Claim) -> str:
    return recipients.plain_digest_of(claim.tenant.admin_email)[:12]
