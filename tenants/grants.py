"""The grant of a tenant: its access token, refreshed and revoked at Salesforce.

A Salesforce refresh token can be used once. If two callers use the same token, or a new token is
lost, Salesforce ends the whole grant. So a refresh locks the grant's row before it reads the old
token, and keeps the lock until the new one is committed.
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
from tenants.models import EventKind, GrantStatus, SalesforceGrant, Tenant
from tenants.redaction import redact
from tenants.salesforce_backend import SalesforceBackend


class GrantLost(Exception):
    """The org no longer accepts the grant. Only a new sign-in by its admin helps."""


class GrantError(Exception):
    """Salesforce was not reachable, or rejected the request. `retry`: a later attempt may
    succeed.
    """

    def __init__(self, text: str, *, retry: bool) -> None:
        super().__init__(text)
        self.retry = retry


def of(tenant: Tenant) -> SalesforceGrant | None:
    """Return a tenant's grant, None if nobody has signed in. At most one query for each object."""
    try:
        return tenant.grant
    except SalesforceGrant.DoesNotExist:
        return None


def access_token(tenant_id: int) -> str:
    """Return the stored access token. It may have expired; a 401 shows that. Raises GrantLost."""
    grant = SalesforceGrant.objects.filter(tenant=tenant_id).first()
    if grant and not grant.is_readable:
        raise GrantLost(lose_unreadable(grant))
    return _require_active(grant).access_token


def refresh(tenant_id: int, stale: str) -> str:
    """Return an access token newer than `stale`; it is committed with its new refresh token first.

    If another caller has already refreshed the token, return the new one without a call. Must not
    run inside a transaction: a rollback would lose the new refresh token. Raises GrantLost,
    GrantError.
    """
    access_token(tenant_id)  # marks a grant that cannot be read, before the transaction begins
    lost = ""
    with _locked(tenant_id) as found:
        grant = _require_active(found)
        # Another worker has refreshed it while this one waited for the lock.
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
    if lost:  # raised after the block, so that the new status is committed
        raise GrantLost(lost)
    return grant.access_token


def revoke(tenant_id: int) -> None:
    """Revoke the grant at Salesforce and delete its tokens. One that Salesforce has refused counts
    as revoked.

    Raises GrantError.
    """
    with _locked(tenant_id) as grant:
        if grant is None or grant.status == GrantStatus.REVOKED:
            return
        if grant.status != GrantStatus.REFUSED:
            _revoke_remote(grant)
        grant.access_token = grant.refresh_token = ""
        grant.status = GrantStatus.REVOKED
        grant.save(update_fields=["access_token", "refresh_token", "status"])


def forget(tenant_id: int) -> None:
    """Delete the grant of a tenant that leaves, also one that could not be revoked."""
    SalesforceGrant.objects.filter(tenant=tenant_id).delete()


def lose_unreadable(grant: SalesforceGrant) -> str:
    """Mark a grant that no key of SECRET decrypts as lost; return the reason."""
    mine = SalesforceGrant.objects.filter(pk=grant.pk, status=GrantStatus.ACTIVE)
    text = _why_unreadable(grant)
    with transaction.atomic():
        if mine.update(status=GrantStatus.UNREADABLE):
            timeline.note(grant.tenant, EventKind.GRANT_LOST, text)
    return text


def restore_readable() -> int:
    """Make grants active again whose key is back in SECRET; return how many."""
    rows = SalesforceGrant.objects.filter(status=GrantStatus.UNREADABLE)
    ids = [grant.pk for grant in rows if grant.is_readable]
    return rows.filter(pk__in=ids).update(status=GrantStatus.ACTIVE)


def why_lost(grant: SalesforceGrant) -> str:
    """Return the sentence for a lost grant."""
    if grant.status == GrantStatus.UNREADABLE:
        return _why_unreadable(grant)
    return f"Salesforce no longer accepts the grant of {grant.username}."


def _why_unreadable(grant: SalesforceGrant) -> str:
    return f"No key of SECRET decrypts the grant of {grant.username}."


@contextmanager
def _locked(tenant_id: int) -> Iterator[SalesforceGrant | None]:
    # durable: it raises inside another transaction, whose rollback would lose the new token.
    with transaction.atomic(durable=True):
        grants = SalesforceGrant.objects.select_related("tenant").select_for_update(of=("self",))
        yield grants.filter(tenant=tenant_id).first()


def _require_active(grant: SalesforceGrant | None) -> SalesforceGrant:
    if grant is None:
        raise GrantLost("Nobody from this org has signed in to Salesforce yet.")
    if not grant.is_active:
        raise GrantLost(f"The Salesforce grant of {grant.username} is no longer valid.")
    return grant


def _store_tokens(grant: SalesforceGrant, answer: Mapping[str, Any]) -> None:
    grant.access_token = answer["access_token"]  # the library refuses an answer without one
    new = answer.get("refresh_token")  # only where the org's app rotates them
    if isinstance(new, str) and new:
        grant.refresh_token = new
    # Store the new tokens even if the rest of the answer is invalid.
    with suppress(InvalidAnswer, hosts.HostNotAllowed):
        grant.instance_url = hosts.salesforce(read_text(answer, "instance_url", 200))
    grant.refreshed_at = timezone.now()
    grant.save()


def _mark_lost(grant: SalesforceGrant, error: SocialAuthBaseException) -> str:
    grant.status = GrantStatus.REFUSED
    grant.save(update_fields=["status"])
    text = f"Salesforce no longer accepts the grant of {grant.username}: {_error_text(error)}."
    timeline.note(grant.tenant, EventKind.GRANT_LOST, text)
    return text


def _revoke_remote(grant: SalesforceGrant) -> None:
    if not grant.is_readable:  # Salesforce still accepts it, and there is no token to revoke it by
        raise GrantError(_why_unreadable(grant), retry=False)
    try:
        SalesforceBackend().revoke(grant.instance_url, grant.refresh_token)
    except hosts.HostNotAllowed as error:
        raise GrantError(str(error), retry=False) from error
    except SocialAuthBaseException as error:
        if not _means_lost(error):
            raise _grant_error(error, "revoke the portal's access") from error


def _means_lost(error: SocialAuthBaseException) -> bool:
    # Salesforce's codes for a deactivated user, and for revoking a token that is not valid.
    codes = ("inactive_user", "unsupported_token_type")
    return isinstance(error, AuthCredentialError) or error.provider_code in codes


def _grant_error(error: SocialAuthBaseException, task: str) -> GrantError:
    # An answer that is not JSON is usually a maintenance page, not a changed API.
    retry = error.recovery == "retry_later" or isinstance(error, AuthResponseError)
    return GrantError(f"Salesforce did not {task}: {_error_text(error)}.", retry=retry)


def _error_text(error: SocialAuthBaseException) -> str:
    parts = " ".join(str(part) for part in (error.provider_code, error.detail) if part)
    status = f" (HTTP {error.status_code})" if error.status_code else ""
    return redact((parts or str(error)).rstrip("."))[:300] + status
