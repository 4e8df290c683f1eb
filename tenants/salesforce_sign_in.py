"""The subscriber's sign-in at Salesforce, and a message for each way it can fail."""

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest
from social_core.exceptions import SocialAuthBaseException

from tenants import consent, hosts, links, orgs, salesforce_access, timeline, visitors
from tenants.consent import Consent, InvalidAnswer
from tenants.http.errors import RemoteError
from tenants.models import Environment, EventKind, SalesforceGrant, Tenant
from tenants.redaction import redact
from tenants.salesforce_backend import SalesforceBackend
from tenants.sign_in_errors import ErrorPage, SignInFailed, page_for, page_for_access

log = logging.getLogger(__name__)


class After(StrEnum):
    """Where a sign-in leads to."""

    SET_UP = ""  # the subscriber's page
    AUTHORIZE = "authorize"  # Heroku Connect: the sign-in also shows who asks
    AUTHORIZE_AGAIN = "authorize_again"  # the same for a live tenant


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that ended well. `link` is the one that it began with, "" without one."""

    tenant: Tenant
    link: str
    after: After


def begin(
    request: HttpRequest, signed: str, *, after: After = After.SET_UP, login_again: bool = False
) -> str:
    """Return Salesforce's address for the tenant of a sign-in link. Raises BadLink."""
    tenant = links.tenant_for(links.SIGN_IN, signed)
    backend = SalesforceBackend(tenant.login_url, request)
    return backend.begin({"link": signed, "after": after}, login_again=login_again)


def begin_without_link(request: HttpRequest, environment: str, *, login_again: bool = False) -> str:
    """Return Salesforce's address for a subscriber without a link. The org id identifies the
    tenant.
    """
    is_sandbox = environment == Environment.SANDBOX
    host = settings.SALESFORCE_TEST_URL if is_sandbox else settings.SALESFORCE_LOGIN_URL
    return SalesforceBackend(host, request).begin(
        {"link": "", "after": ""}, login_again=login_again
    )


def complete(request: HttpRequest) -> SignedIn:
    """End the flow: keep the consent and return its tenant. Raises SignInFailed and BadLink."""
    backend = SalesforceBackend(request=request)
    try:
        given = Consent.of(backend.auth_complete())
    except (SocialAuthBaseException, InvalidAnswer, hosts.HostNotAllowed) as error:
        raise _explain(request, error, backend.context.get("link", "")) from error
    link, after = backend.context["link"], After(backend.context.get("after", ""))
    try:
        tenant = _tenant_for(given, link)
        given = _require_access(tenant, given, link)
        tenant = _keep(backend, tenant, given)
    except (SignInFailed, links.BadLink):
        _drop(backend, given)
        raise
    visitors.remember(request, tenant, link)
    return SignedIn(tenant, link, after)


def _keep(backend: SalesforceBackend, tenant: Tenant, given: Consent) -> Tenant:
    """Store a consent, and revoke the one that it replaces.

    Also on the way to Heroku Connect: Salesforce may have ended the stored one.
    """
    tenant, replaced = consent.store(tenant.pk, given)
    if replaced:
        _revoke(backend, replaced.instance_url, replaced.refresh_token)
    return tenant


def _tenant_for(given: Consent, link: str) -> Tenant:
    if orgs.is_blocked(given.org_id):
        raise SignInFailed(
            403,
            "This org cannot be connected",
            f"Our staff have blocked the org {given.org_id}. Nothing was stored. Write to us if "
            "you think that this is a mistake.",
        )
    if link:
        tenant = links.tenant_for(links.SIGN_IN, link)
        # Anyone can open a forwarded link, so only the org that Salesforce names counts.
        if tenant.org_id == given.org_id:
            return tenant
        raise _wrong_org(tenant, given, link)
    found = Tenant.objects.filter(org_id=given.org_id, offboarded_at=None).first()
    if found:
        return found
    raise SignInFailed(
        404,
        "We do not know this org",
        f"You signed in to the org {given.org_id} as {given.username}, but this org is not "
        "registered. Install the package there first. It registers the org automatically.",
        other_user=True,
    )


def _wrong_org(tenant: Tenant, given: Consent, link: str) -> SignInFailed:
    timeline.note(
        tenant,
        EventKind.CONSENT_REFUSED,
        f"{given.username} signed in to the org {given.org_id} instead of {tenant.org_id}. "
        "Nothing was stored.",
        actor=timeline.SUBSCRIBER,
        expected=tenant.org_id,
        seen=given.org_id,
    )
    return SignInFailed(
        403,
        "That was another org",
        f"You signed in as {given.username} to the org {given.org_id}, but this link is for "
        f"{tenant.name}, {tenant.org_id}. Nothing was stored. Sign in again with a user of that "
        "org.",
        link=link,
        other_user=True,
    )


def _require_access(tenant: Tenant, given: Consent, link: str) -> Consent:
    """Refuse a user who may not decide for the org, before anything changes.

    Any user of an org can sign in: none may take the place of its admin.
    """
    org = salesforce_access.org_of(given.instance_url, given.access_token)
    try:
        namespace = salesforce_access.find_namespace(org, _namespaces(tenant))
        missing = salesforce_access.missing(org, namespace)
    except RemoteError as error:
        log.warning("access of a user not known org=%s error=%s", tenant.org_id, error)
        page = page_for_access(error)
        raise SignInFailed(page.status, page.title, page.text, link=link) from error
    if missing:
        raise _lacks(tenant, given, link, "; ".join(missing))
    return given if namespace == tenant.namespace else replace(given, namespace=namespace)


def _namespaces(tenant: Tenant) -> list[str]:
    """Return where the package may be: a stranger may have registered the org with another one."""
    own = [] if tenant.is_trusted("namespace") else [settings.FORCE_NAMESPACE]
    return list(dict.fromkeys([tenant.namespace, *own]))


def _lacks(tenant: Tenant, given: Consent, link: str, missing: str) -> SignInFailed:
    text = f"{given.username} signed in, but lacks {missing}. Nothing was changed."
    timeline.note(
        tenant,
        EventKind.CONSENT_REFUSED,
        text,
        actor=timeline.SUBSCRIBER,
        username=given.username,
        missing=missing,
    )
    return SignInFailed(
        403,
        "This user may not decide for the org",
        f"{text} Ask an admin of the org for what is missing, or sign in again with another user.",
        link=link,
        other_user=True,
    )


def _drop(backend: SalesforceBackend, given: Consent) -> None:
    """Revoke a consent that is not stored."""
    stored = SalesforceGrant.objects.filter(tenant__org_id=given.org_id)
    # An org can give the token that it gave before: then the stored grant is the same.
    if all(each.refresh_token != given.refresh_token for each in stored):
        _revoke(backend, given.instance_url, given.refresh_token)


def _revoke(backend: SalesforceBackend, instance_url: str, refresh_token: str) -> None:
    """Revoke a grant that is not needed (any more). If that fails, it expires unused."""
    try:
        backend.revoke(instance_url, refresh_token)
    except (SocialAuthBaseException, hosts.HostNotAllowed) as error:
        reason = getattr(error, "code", type(error).__name__)
        log.warning("unneeded grant not revoked at %s reason=%s", instance_url, reason)


def _explain(request: HttpRequest, error: Exception, link: str) -> SignInFailed:
    page = page_for(error)
    reason = getattr(error, "provider_code", None) or getattr(error, "code", None) or str(error)
    log.warning(
        "salesforce sign-in failed status=%s error=%r reason=%s",
        page.status,
        error,
        reason,
    )
    if link:
        _note_failure(link, page, redact(str(reason))[:200])
    # A callback that comes twice has no link any more: a phone reloads the tabs that it restores.
    way_back = link or visitors.page_of(request)
    return SignInFailed(page.status, page.title, page.text, link=way_back, again=True)


def _note_failure(link: str, page: ErrorPage, reason: str) -> None:
    tenant = links.tenant_for(links.SIGN_IN, link)
    failed = f"{page.title[0].lower()}{page.title[1:]}"
    text = f"A sign-in to Salesforce failed: {failed} ({reason}). {page.for_staff}".rstrip()
    timeline.note(
        tenant,
        EventKind.CONSENT_REFUSED,
        text,
        actor=timeline.SUBSCRIBER,
        reason=reason,
    )
