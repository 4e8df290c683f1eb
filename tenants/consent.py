"""A subscriber's consent: what Salesforce answers after a sign-in, checked and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants import hosts, links, orgid, timeline
from tenants.models import EventKind, GrantStatus, Proof, SalesforceGrant, Tenant
from tenants.signals import tenant_changed

_MAX_TOKEN_LENGTH = 20_000  # characters; some access tokens are JSON Web Tokens of several thousand


class InvalidAnswer(Exception):
    """Salesforce's answer is incomplete or contains an unexpected value."""


@dataclass(frozen=True)
class Consent:
    """What Salesforce returns after a sign-in."""

    org_id: str
    username: str
    user_id: str
    scopes: str
    instance_url: str
    identity_url: str
    issued_at: datetime
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Consent":
        """Read a token answer and identity document. Raises InvalidAnswer, HostNotAllowed."""
        try:
            org_id = orgid.normalize(read_text(answer, "organization_id"))
        except orgid.BadOrgId as error:
            raise InvalidAnswer(f"organization_id: {error}") from None
        return cls(
            org_id=org_id,
            username=read_text(answer, "username"),
            user_id=read_text(answer, "user_id", 18),
            scopes=read_text(answer, "scope"),
            instance_url=hosts.salesforce(read_text(answer, "instance_url", 200)),
            identity_url=hosts.salesforce(read_text(answer, "id", 200)),
            issued_at=_issued_at(answer.get("issued_at")),
            access_token=read_text(answer, "access_token", _MAX_TOKEN_LENGTH),
            refresh_token=read_text(answer, "refresh_token", _MAX_TOKEN_LENGTH),
        )


def store(tenant_id: int, consent: Consent) -> Tenant:
    """Store a consent for the tenant's own org. It also proves the registration. Raises BadLink."""
    with transaction.atomic():
        # Locked, so that an off-boarding at the same moment cannot leave a new grant behind.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        if tenant.offboarded_at:
            raise links.BadLink("its tenant was off-boarded during the sign-in")
        SalesforceGrant.objects.update_or_create(
            tenant=tenant,
            defaults={
                "access_token": consent.access_token,
                "refresh_token": consent.refresh_token,
                "instance_url": consent.instance_url,
                "identity_url": consent.identity_url,
                "username": consent.username,
                "user_id": consent.user_id,
                "scopes": consent.scopes,
                "issued_at": consent.issued_at,
                "refreshed_at": None,
                "status": GrantStatus.ACTIVE,
            },
        )
        tenant.prove(Proof.CONSENT, timezone.now())
        tenant.save(update_fields=["proof", "proven_at"])
        timeline.note(
            tenant,
            EventKind.CONSENTED,
            f"{consent.username} signed in to Salesforce and allowed access.",
            actor=timeline.SUBSCRIBER,
            username=consent.username,
            scopes=consent.scopes,
        )
        # In the transaction: the connection that waits for this becomes due with the grant.
        tenant_changed.send(sender=Tenant, tenant=tenant)
    return tenant


def read_text(answer: Mapping[str, Any], name: str, max_length: int = 255) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value or len(value) > max_length:
        raise InvalidAnswer(
            f"{name} is missing or is not a string of up to {max_length} characters"
        )
    return value


def _issued_at(milliseconds: Any) -> datetime:
    """Read Salesforce's issued_at, milliseconds since 1970 as text; now, if it cannot be read."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return timezone.now()
