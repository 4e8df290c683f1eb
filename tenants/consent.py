"""What a subscriber's admin allowed the portal to do in the org: kept, renewed, handed back.

Salesforce's refresh tokens are good once. Two callers that renew the same one at the same time, or
a new one that is lost, end the whole grant; so a renewal holds the grant's row lock from reading
the old token until the new one is committed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from social_core.exceptions import (
    AuthCredentialError,
    AuthResponseError,
    SocialAuthBaseException,
)

from tenants import hosts, links, orgid, timeline
from tenants.models import EventKind, GrantStatus, Proof, SalesforceGrant, Tenant
from tenants.redaction import redact
from tenants.salesforce_backend import SalesforceBackend
from tenants.signals import tenant_changed

_LONG = 20_000  # characters; some orgs' access tokens are JSON Web Tokens of several thousand


class BadAnswer(Exception):
    """Salesforce's answer lacks something, or holds what it should not."""


class GrantLost(Exception):
    """The org lets the portal in no more; only a new sign-in by its admin helps."""


class GrantTrouble(Exception):
    """Salesforce could not be asked, or did not understand. `retry` tells whether time may help."""

    def __init__(self, text: str, *, retry: bool) -> None:
        super().__init__(text)
        self.retry = retry


@dataclass(frozen=True)
class Consent:
    """What Salesforce told after a sign-in."""

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
        """Read Salesforce's token answer and identity document. Raises BadAnswer, ForeignHost."""
        try:
            org_id = orgid.normalize(_text(answer, "organization_id"))
        except orgid.BadOrgId as error:
            raise BadAnswer(f"organization_id: {error}") from None
        return cls(
            org_id=org_id,
            username=_text(answer, "username"),
            user_id=_text(answer, "user_id", 18),
            scopes=_text(answer, "scope"),
            instance_url=hosts.salesforce(_text(answer, "instance_url", 200)),
            identity_url=hosts.salesforce(_text(answer, "id", 200)),
            issued_at=_moment(answer.get("issued_at")),
            access_token=_text(answer, "access_token", _LONG),
            refresh_token=_text(answer, "refresh_token", _LONG),
        )


def store(tenant_id: int, consent: Consent) -> Tenant:
    """Keep a consent of the tenant's own org; it also proves the registration. Raises BadLink."""
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        if tenant.offboarded_at:
            raise links.BadLink("its tenant has left while somebody signed in")
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
            f"{consent.username} signed in to Salesforce and let the portal in.",
            actor=timeline.SUBSCRIBER,
            username=consent.username,
            scopes=consent.scopes,
        )
        tenant_changed.send(sender=Tenant, tenant=tenant)
    return tenant


# --- the tokens in use ---------------------------------------------------------------------------
def access_token(tenant_id: int) -> str:
    """Return the access token as it is kept, maybe stale: a 401 will tell. Raises GrantLost."""
    grant = SalesforceGrant.objects.filter(tenant=tenant_id).first()
    return _usable(grant).access_token


def refresh(tenant_id: int, stale: str) -> str:
    """Return an access token newer than `stale`; it is committed with its new refresh token first.

    A caller whose token was renewed meanwhile gets that one without another call. Must not run
    inside a transaction: its rollback would lose a refresh token. Raises GrantLost, GrantTrouble.
    """
    lost = ""
    with _locked(tenant_id) as found:
        grant = _usable(found)
        if grant.access_token != stale:
            return grant.access_token
        try:
            answer = SalesforceBackend(grant.tenant.login_url).refresh_token(grant.refresh_token)
        except SocialAuthBaseException as error:
            if not _means_lost(error):
                raise _trouble(error, "renew the portal's access") from error
            lost = _lose(grant, error)
        else:
            _keep(grant, answer)
    if lost:  # raised only here, so that the loss itself is committed
        raise GrantLost(lost)
    return grant.access_token


def revoke(tenant_id: int) -> None:
    """Hand the grant back to Salesforce and forget its tokens; one that is dead already is done.

    Raises GrantTrouble.
    """
    with _locked(tenant_id) as grant:
        if grant is None or grant.status == GrantStatus.REVOKED:
            return
        if grant.status == GrantStatus.ACTIVE:
            _hand_back(grant)
        grant.access_token = grant.refresh_token = ""
        grant.status = GrantStatus.REVOKED
        grant.save(update_fields=["access_token", "refresh_token", "status"])


@contextmanager
def _locked(tenant_id: int) -> Iterator[SalesforceGrant | None]:
    with transaction.atomic(durable=True):
        grants = SalesforceGrant.objects.select_related("tenant").select_for_update(of=("self",))
        yield grants.filter(tenant=tenant_id).first()


def _usable(grant: SalesforceGrant | None) -> SalesforceGrant:
    if grant is None:
        raise GrantLost("Nobody of this org has signed in to Salesforce yet.")
    if grant.status != GrantStatus.ACTIVE:
        raise GrantLost(f"The Salesforce sign-in of {grant.username} counts no more.")
    return grant


def _keep(grant: SalesforceGrant, answer: Mapping[str, Any]) -> None:
    grant.access_token = answer["access_token"]  # the library refuses an answer without one
    new = answer.get("refresh_token")  # only where the org's app rotates them
    if isinstance(new, str) and new:
        grant.refresh_token = new
    # The new tokens must be kept whatever else the answer says.
    with suppress(BadAnswer, hosts.ForeignHost):
        grant.instance_url = hosts.salesforce(_text(answer, "instance_url", 200))
    grant.refreshed_at = timezone.now()
    grant.save()


def _lose(grant: SalesforceGrant, error: SocialAuthBaseException) -> str:
    grant.status = GrantStatus.REFUSED
    grant.save(update_fields=["status"])
    text = f"Salesforce took back the access that {grant.username} gave: {_words(error)}."
    timeline.note(grant.tenant, EventKind.GRANT_LOST, text)
    return text


def _hand_back(grant: SalesforceGrant) -> None:
    try:
        SalesforceBackend().revoke(grant.instance_url, grant.refresh_token)
    except hosts.ForeignHost as error:
        raise GrantTrouble(str(error), retry=False) from error
    except SocialAuthBaseException as error:
        if not _means_lost(error):
            raise _trouble(error, "revoke the portal's access") from error


def _means_lost(error: SocialAuthBaseException) -> bool:
    codes = ("inactive_user", "unsupported_token_type")
    return isinstance(error, AuthCredentialError) or error.provider_code in codes


def _trouble(error: SocialAuthBaseException, deed: str) -> GrantTrouble:
    # An answer that is no JSON is a maintenance page more often than a changed interface.
    retry = error.recovery == "retry_later" or isinstance(error, AuthResponseError)
    return GrantTrouble(f"Salesforce did not {deed}: {_words(error)}.", retry=retry)


def _words(error: SocialAuthBaseException) -> str:
    told = " ".join(str(part) for part in (error.provider_code, error.detail) if part)
    status = f" (HTTP {error.status_code})" if error.status_code else ""
    return redact((told or str(error)).rstrip("."))[:300] + status


def _text(answer: Mapping[str, Any], name: str, most: int = 255) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value or len(value) > most:
        raise BadAnswer(f"{name} is missing or is no text of up to {most} characters")
    return value


def _moment(milliseconds: Any) -> datetime:
    """Read Salesforce's issued_at, milliseconds since 1970 as text; now, if it cannot be read."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return timezone.now()
