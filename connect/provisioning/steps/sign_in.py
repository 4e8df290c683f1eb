"""Waiting until the org's admin has signed in to Salesforce, as proof and as consent."""

from django.conf import settings
from django.utils import timezone

from connect.models import WaitingOn
from connect.provisioning import reminders
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, StepOutcome, Wait
from tenants import messages, proof
from tenants.models import MessageKind, SalesforceGrant


def waiting_for_proof(claim: Claim) -> StepOutcome:
    """Make nothing that costs money before it is shown that the org itself registered."""
    if proof.is_proven(claim.tenant):
        return Done(f"The registration is proven: {claim.tenant.get_proof_display().lower()}.")
    # Under this policy a sign-in does not count as proof, so nobody is asked for one.
    if settings.REGISTRATION_POLICY == "approval":
        return Wait(None, "approval by staff", WaitingOn.STAFF)
    return _ask_to_sign_in(claim, "proof: the admin's Salesforce sign-in, or approval by staff")


def waiting_for_consent(claim: Claim) -> StepOutcome:
    """Wait for the admin's sign-in. It also proves that the person belongs to the org."""
    grant = SalesforceGrant.objects.filter(tenant=claim.tenant).first()
    if grant and grant.is_active:
        return Done(f"{grant.username} signed in to Salesforce.")
    return _ask_to_sign_in(claim, "the admin's Salesforce sign-in")


def _ask_to_sign_in(claim: Claim, reason: str) -> Wait:
    connection = claim.connection
    messages.queue(
        claim.tenant,
        MessageKind.SIGN_IN,
        key=f"sign_in:{connection.pk}:{_last_lost_grant(claim)}",
    )
    reminders.send_due(claim, MessageKind.SIGN_IN_REMINDER)
    pause = reminders.next_after(timezone.now() - connection.stage_since)
    # The sign-in itself ends the wait by a signal; only the reminders need a time.
    until = timezone.now() + pause if pause else None
    return Wait(until, reason, WaitingOn.SUBSCRIBER)


def _last_lost_grant(claim: Claim) -> str:
    """Return a part of the key that differs for each lost grant, so that each gets a new mail."""
    grant = SalesforceGrant.objects.filter(tenant=claim.tenant).first()
    return f"{grant.issued_at:%Y%m%d%H%M%S}" if grant else "first"
