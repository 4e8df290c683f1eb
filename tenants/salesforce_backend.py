"""Salesforce's OAuth 2.0 web-server flow, on python-social-auth's state and PKCE handling.

Differences from the library's own Salesforce backend:
- PKCE (S256) and a redirect URI without parameters; Salesforce requires both of partners;
- the login host is the subscriber's own: login, test, or the org's My Domain;
- tokens travel in headers and form bodies, never in an address, and never after a redirect;
- every host that Salesforce names is checked before it is called;
- nobody is logged in to the portal and the library stores nothing: the caller gets the answer.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from social_core.backends.oauth import BaseOAuth2PKCE
from social_core.exceptions import (
    AuthInputError,
    AuthProviderError,
    AuthResponseError,
    SocialAuthBaseException,
)
from social_django.models import DjangoStorage
from social_django.strategy import DjangoStrategy

from tenants import hosts
from tenants.http.answers import Answer
from tenants.http.errors import RemoteError, Retryable
from tenants.http.limits import Limits
from tenants.http.peer import Peer

SYSTEM = "Salesforce"
# Two calls of a sign-in must end before Heroku's router gives up (30 s). A refresh holds the
# grant's row, so it is not repeated here.
LIMITS = Limits(connect=5, read=10, total=12, body=1024 * 1024, retries=0)


class SalesforceBackend(BaseOAuth2PKCE[Any]):
    """One conversation with a Salesforce login host. `context` is in the session until it ends."""

    name = "salesforce"
    REDIRECT_STATE = False
    SCOPE_SEPARATOR = " "

    def __init__(self, login_url: str = "", request: HttpRequest | None = None) -> None:
        redirect_uri = settings.PORTAL_URL + reverse("salesforce-callback")
        super().__init__(DjangoStrategy(DjangoStorage, request), redirect_uri)
        self.redirect_uri = redirect_uri
        self.login_url = login_url
        self.context: dict[str, str] = {}
        self._login_again = False

    # --- begin
    def begin(self, context: dict[str, str], *, login_again: bool = False) -> str:
        """Return the address to send the browser to; `context` comes back with the callback."""
        self.context = {**context, "login_url": self.login_url}
        self._login_again = login_again
        return str(self.auth_url())

    def auth_extra_arguments(self) -> dict[str, str]:
        """Ask Salesforce for a new login, because the browser may be signed in to another org."""
        return {"prompt": "login"} if self._login_again else {}

    def get_or_create_state(self) -> str | None:
        """Make a state, and store the context with it, so that two tabs do not mix."""
        state = super().get_or_create_state()
        if state:
            key = self.transaction_key(state)
            self.strategy.session_set(
                key, {**self.strategy.session_get(key), "context": self.context}
            )
        return state

    def authorization_url(self) -> str:
        """Return the login host's authorize address."""
        return f"{self.login_url}/services/oauth2/authorize"

    # --- complete
    def auth_complete(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return Salesforce's token answer with the identity document merged in; log nobody in.

        The state is checked and used first, so that only the browser that started the flow can end
        it. Raises social_core.exceptions.SocialAuthBaseException and tenants.hosts.HostNotAllowed.
        """
        state = self.validate_state()
        self.context = (self._oauth2_transaction or {}).get("context", {})
        self.login_url = self.context["login_url"]
        # After the state: an error must not be believed from just any browser.
        self.process_error(self.data)
        if not self.data.get("code"):
            raise AuthInputError(self, parameter="code", code="missing_parameter", stage="callback")
        answer = self.request_access_token(
            self.access_token_url(),
            data=self.auth_complete_params(state),  # type: ignore[no-untyped-call]
            headers=self.auth_headers(),
            method="POST",
        )
        # The token answer last: its keys win over those of the identity document.
        return {**self.user_data(self.get_access_token(answer), response=answer), **answer}

    def access_token_url(self) -> str:
        """Return the login host's token address, which also serves refreshes."""
        return f"{self.login_url}/services/oauth2/token"

    def user_data(self, access_token: str, *_args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the identity document of the user who signed in."""
        url = kwargs["response"].get("id")
        if not isinstance(url, str):
            raise AuthResponseError(self, claim="id", code="missing_claim", stage="user_info")
        document = self.get_json(
            hosts.salesforce(url), headers={"Authorization": f"Bearer {access_token}"}
        )
        if not isinstance(document, dict):
            raise AuthResponseError(self, code="malformed_response", stage="user_info")
        return document

    # --- end
    def revoke(self, instance_url: str, token: str) -> None:
        """Revoke a token. Revoking a refresh token also revokes its access tokens."""
        self.request(
            f"{hosts.salesforce(instance_url)}/services/oauth2/revoke",
            method="POST",
            data={"token": token},
            stage="disconnect",
        )

    # The library passes the answer on to the two methods below, and to nothing else.
    def request(self, url: str, **options: Any) -> Answer:  # type: ignore[override]
        """Call Salesforce by the one HTTP base: a deadline, a size limit, and no redirects."""
        stage = options.pop("stage", "user_info")
        parts = urlsplit(url)
        peer = Peer(SYSTEM, f"{parts.scheme}://{parts.netloc}", limits=LIMITS)
        path = parts._replace(scheme="", netloc="").geturl()
        try:
            return peer.call(
                options.get("method", "GET"),
                path,
                form=options.get("data"),
                headers=options.get("headers"),
            )
        except RemoteError as error:
            # Without a cause, because the library's errors are logged as they are.
            raise self._explain(error, stage) from None

    def get_json(self, url: str, *_args: Any, **options: Any) -> Any:
        """Return the document that `url` answers with."""
        return self.request(url, **options).body

    def process_refresh_token_response(self, response: Answer, *_args: Any, **_kwargs: Any) -> Any:
        """Return the token answer of a refresh."""
        return response.body

    def _explain(self, error: RemoteError, stage: Any) -> SocialAuthBaseException:
        """Return the library's error for an error of the HTTP base."""
        if error.unreadable:
            return AuthResponseError(self, code="malformed_response", stage=stage)
        known = self.get_provider_error(error.document, stage=stage, status_code=error.status)
        if known is not None:
            return known
        if isinstance(error, Retryable):
            code = "connection_failed" if error.status is None else "unavailable"
        else:
            code = "http_error"
        return AuthProviderError(self, code=code, stage=stage, status_code=error.status)
