"""Salesforce's OAuth 2.0 web-server flow, on python-social-auth's state and PKCE handling.

Differences from the library's own Salesforce backend:
- PKCE (S256) and a redirect URI without parameters; Salesforce requires both of partners;
- the login host is the subscriber's own: login, test, or the org's My Domain;
- tokens travel in headers and form bodies, never in an address, and never after a redirect;
- every host that Salesforce names is checked before it is called;
- nobody is logged in to the portal and the library stores nothing: the caller gets the answer.
"""

from typing import Any

import requests
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from social_core.backends.oauth import BaseOAuth2PKCE
from social_core.exceptions import AuthInputError, AuthProviderError, AuthResponseError
from social_core.utils import http_error, redact_request_error
from social_django.models import DjangoStorage
from social_django.strategy import DjangoStrategy

from tenants import hosts

TIMEOUT = (5, 15)  # seconds, to connect and between two bytes


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

    def request(self, url: str, **options: Any) -> requests.Response:
        """Call Salesforce. A redirect is a failure, so that secrets never go to another host."""
        stage = options.pop("stage", "user_info")
        try:
            response = requests.request(
                options.pop("method", "GET"),
                url,
                timeout=TIMEOUT,
                allow_redirects=False,
                **{name: value for name, value in options.items() if name in ("headers", "data")},
            )
            response.raise_for_status()
        except requests.HTTPError as error:
            raise http_error(self, error, stage=stage) from None
        except requests.RequestException as error:
            redact_request_error(error, request_url=url)
            code = "timeout" if isinstance(error, requests.Timeout) else "connection_failed"
            raise AuthProviderError(self, code=code, stage=stage) from error
        if response.is_redirect:
            raise AuthProviderError(
                self, code="http_error", stage=stage, status_code=response.status_code
            )
        return response
