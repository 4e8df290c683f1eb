"""The subscriber's way to Salesforce and back, and a sentence for all that can go wrong on it."""

import logging

from django.conf import settings
from django.http import HttpRequest
from social_core.exceptions import (
    AuthCanceled,
    AuthConfigurationError,
    AuthCredentialError,
    AuthInputError,
    AuthProviderError,
    AuthSessionError,
    SocialAuthBaseException,
)

from tenants import consent, hosts, links, timeline
from tenants.consent import BadAnswer, Consent
from tenants.models import Environment, EventKind, Tenant
from tenants.salesforce_backend import SalesforceBackend

log = logging.getLogger(__name__)


class SignInFailed(Exception):
    """The sign-in failed and nothing was stored. `link` is the subscriber's own, if known."""

    def __init__(
        self, status: int, title: str, text: str, *, link: str = "", other_user: bool = False
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.link = link
        self.other_user = other_user


def begin(request: HttpRequest, signed: str, *, login_again: bool = False) -> str:
    """Return Salesforce's address for the tenant of a sign-in link. Raises BadLink."""
    tenant = links.tenant_for(links.SIGN_IN, signed)
    backend = SalesforceBackend(tenant.login_url, request)
    return backend.begin({"link": signed}, login_again=login_again)


def begin_unknown(request: HttpRequest, environment: str, *, login_again: bool = False) -> str:
    """Return Salesforce's address for somebody without a link; the org will tell who it is."""
    is_sandbox = environment == Environment.SANDBOX
    host = settings.SALESFORCE_TEST_URL if is_sandbox else settings.SALESFORCE_LOGIN_URL
    return SalesforceBackend(host, request).begin({"link": ""}, login_again=login_again)


def complete(request: HttpRequest) -> Tenant:
    """End the flow: keep the consent and return its tenant. Raises SignInFailed and BadLink."""
    backend = SalesforceBackend(request=request)
    try:
        given = Consent.of(backend.auth_complete())
    except (SocialAuthBaseException, BadAnswer, hosts.ForeignHost) as error:
        raise _explain(error, backend.memo.get("link", "")) from error
    try:
        return consent.store(_tenant_for(given, backend.memo["link"]).pk, given)
    except (SignInFailed, links.BadLink):
        _give_up(backend, given)
        raise


def _tenant_for(given: Consent, link: str) -> Tenant:
    if link:
        tenant = links.tenant_for(links.SIGN_IN, link)
        if tenant.org_id == given.org_id:
            return tenant
        raise _wrong_org(tenant, given, link)
    found = Tenant.objects.filter(org_id=given.org_id, offboarded_at=None).first()
    if found:
        return found
    raise SignInFailed(
        404,
        "We do not know this org",
        f"You signed in to the org {given.org_id} as {given.username}, and nothing is registered "
        "for it. Install the package there first; it registers the org by itself.",
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
        f"{tenant.name}, {tenant.org_id}. We kept nothing. Sign in again with a user of that org.",
        link=link,
        other_user=True,
    )


def _give_up(backend: SalesforceBackend, given: Consent) -> None:
    """Hand back what nobody may keep. If that fails, Salesforce lets it die unused."""
    try:
        backend.revoke(given.instance_url, given.refresh_token)
    except SocialAuthBaseException as error:
        log.warning("unwanted grant not revoked org=%s reason=%s", given.org_id, error.code)


def _explain(error: Exception, link: str) -> SignInFailed:
    status, title, text = _words_for(error)
    told = getattr(error, "provider_code", None) or getattr(error, "code", None) or str(error)
    log.warning("salesforce sign-in failed status=%s error=%r told=%s", status, error, told)
    if link:
        _note_failure(link, title, str(told)[:200])
    return SignInFailed(status, title, text, link=link)


def _note_failure(link: str, title: str, told: str) -> None:
    tenant = links.tenant_for(links.SIGN_IN, link)
    text = f"A sign-in to Salesforce failed: {title[0].lower()}{title[1:]} ({told})."
    timeline.note(tenant, EventKind.CONSENT_REFUSED, text, actor=timeline.SUBSCRIBER, told=told)


def _words_for(error: Exception) -> tuple[int, str, str]:
    match error:
        case AuthCanceled():
            return _DENIED
        case AuthInputError() | AuthSessionError() | AuthCredentialError():
            return _ENDED
        case (
            AuthConfigurationError()
            | AuthProviderError(provider_code="invalid_client_id" | "redirect_uri_mismatch")
        ):
            return _MISCONFIGURED
        case SocialAuthBaseException(recovery="retry_later"):
            return _DOWN
        case AuthProviderError(provider_code=str() as reason) if reason:
            status, title, text = _REFUSED
            return status, title, f"The reason it gave is {reason[:100]}. {text}"
    return _UNUSABLE


_DENIED = (
    403,
    "Access was not allowed",
    "You, or Salesforce for you, chose “Deny”. Nothing was stored, and nothing is set up until an "
    "admin allows access. You can start again whenever you like.",
)
_ENDED = (
    400,
    "This sign-in has ended",
    "It was begun in another browser, took longer than half an hour, or was completed before. "
    "Nothing is lost: open the link in our e-mail and begin again.",
)
_MISCONFIGURED = (
    502,
    "Salesforce does not accept our app",
    "That is for us to put right, and our staff can see it. Please try again tomorrow.",
)
_DOWN = (
    503,
    "Salesforce does not answer",
    "Nothing was stored. Please try again in a few minutes.",
)
_REFUSED = (
    403,
    "Salesforce refused",
    "Nothing was stored. Often the org's settings for connected apps do not let you use ours; an "
    "admin can allow it.",
)
_UNUSABLE = (
    502,
    "Salesforce gave an answer we cannot use",
    "Nothing was stored. Please try again; if it happens twice, write to us.",
)
