"""The grant of a tenant: its access token, refreshed and revoked at Salesforce.

Salesforce's refresh tokens are good once. Two callers that renew the same one at the same time, or
a new one that is lost, end the whole grant; so a renewal holds the grant's row lock from reading
the old token until the new one is committed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction
from django.utils import timezone
from social_core.exceptions import (
    AuthCredentialError,
    AuthResponseError,
    SocialAuthBaseException,
)

from tenants import hosts, timeline
from tenants.consent import InvalidAnswer, read_text
from tenants.models import EventKind, GrantStatus, SalesforceGrant
from tenants.redaction import redact
from tenants.salesforce_backend import SalesforceBackend


class GrantLost(Exception):
    """The org lets the portal in no more; only a new sign-in by its admin helps."""


class GrantError(Exception):
    """Salesforce could not be asked, or did not understand. `retry` tells whether time may help."""

    def __init__(self, text: str, *, retry: bool) -> None:
        super().__init__(text)
        self.retry = retry


def access_token(tenant_id: int) -> str:
    """Return the access token as it is kept, maybe stale: a 401 will tell. Raises GrantLost."""
    grant = SalesforceGrant.objects.filter(tenant=tenant_id).first()
    return _require_active(grant).access_token


def refresh(tenant_id: int, stale: str) -> str:
    """Return an access token newer than `stale`; it is committed with its new refresh token first.

    A caller whose token was renewed meanwhile gets that one without another call. Must not run
    inside a transaction: its rollback would lose a refresh token. Raises GrantLost, GrantError.
    """
    lost = ""
    with _locked(tenant_id) as found:
        grant = _require_active(found)
        if grant.access_token != stale:
            return grant.access_token
        try:
            answer = SalesforceBackend(grant.tenant.login_url).refresh_token(grant.refresh_token)
        except SocialAuthBaseException as error:
            if not _means_lost(error):
                raise _grant_error(error, "renew the portal's access") from error
            lost = _mark_lost(grant, error)
        else:
            _store_tokens(grant, answer)
    if lost:  # raised only here, so that the loss itself is committed
        raise GrantLost(lost)
    return grant.access_token


def revoke(tenant_id: int) -> None:
    """Hand the grant back to Salesforce and forget its tokens; one that is dead already is done.

    Raises GrantError.
    """
    with _locked(tenant_id) as grant:
        if grant is None or grant.status == GrantStatus.REVOKED:
            return
        if grant.status == GrantStatus.ACTIVE:
            _revoke_remote(grant)
        grant.access_token = grant.refresh_token = ""
        grant.status = GrantStatus.REVOKED
        grant.save(update_fields=["access_token", "refresh_token", "status"])


@contextmanager
def _locked(tenant_id: int) -> Iterator[SalesforceGrant | None]:
    with transaction.atomic(durable=True):
        grants = SalesforceGrant.objects.select_related("tenant").select_for_update(of=("self",))
        yield grants.filter(tenant=tenant_id).first()


def _require_active(grant: SalesforceGrant | None) -> SalesforceGrant:
    if grant is None:
        raise GrantLost("Nobody of this org has signed in to Salesforce yet.")
    if grant.status != GrantStatus.ACTIVE:
        raise GrantLost(f"The Salesforce sign-in of {grant.username} counts no more.")
    return grant


def _store_tokens(grant: SalesforceGrant, answer: Mapping[str, Any]) -> None:
    grant.access_token = answer["access_token"]  # the library refuses an answer without one
    new = answer.get("refresh_token")  # only where the org's app rotates them
    if isinstance(new, str) and new:
        grant.refresh_token = new
    # The new tokens must be kept whatever else the answer says.
    with suppress(InvalidAnswer, hosts.HostNotAllowed):
        grant.instance_url = hosts.salesforce(read_text(answer, "instance_url", 200))
    grant.refreshed_at = timezone.now()
    grant.save()


def _mark_lost(grant: SalesforceGrant, error: SocialAuthBaseException) -> str:
    grant.status = GrantStatus.REFUSED
    grant.save(update_fields=["status"])
    text = f"Salesforce took back the access that {grant.username} gave: {_error_text(error)}."
    timeline.note(grant.tenant, EventKind.GRANT_LOST, text)
    return text


def _revoke_remote(grant: SalesforceGrant) -> None:
    try:
        SalesforceBackend().revoke(grant.instance_url, grant.refresh_token)
    except hosts.HostNotAllowed as error:
        raise GrantError(str(error), retry=False) from error
    except SocialAuthBaseException as error:
        if not _means_lost(error):
            raise _grant_error(error, "revoke the portal's access") from error


def _means_lost(error: SocialAuthBaseException) -> bool:
    codes = ("inactive_user", "unsupported_token_type")
    return isinstance(error, AuthCredentialError) or error.provider_code in codes


def _grant_error(error: SocialAuthBaseException, task: str) -> GrantError:
    # An answer that is no JSON is a maintenance page more often than a changed interface.
    retry = error.recovery == "retry_later" or isinstance(error, AuthResponseError)
    return GrantError(f"Salesforce did not {task}: {_error_text(error)}.", retry=retry)


def _error_text(error: SocialAuthBaseException) -> str:
    parts = " ".join(str(part) for part in (error.provider_code, error.detail) if part)
    status = f" (HTTP {error.status_code})" if error.status_code else ""
    return redact((parts or str(error)).rstrip("."))[:300] + status
