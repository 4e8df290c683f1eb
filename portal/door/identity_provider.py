"""The portal as a client of the identity provider, stricter than allauth's own.

The discovery document must be that of OIDC_ISSUER, and the signature of the ID token is checked
with the provider's keys (OpenID Connect Discovery, 4.3, and Core, 3.1.3.7).
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from portal.project.environment import is_https_or_here

View = Callable[[HttpRequest], HttpResponse]
PROVIDER = "sso"
# Only asymmetric ones: a public key must never count as a shared secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
CLOCKS_DIFFER = 60  # seconds
MAX_SUBJECT = 64  # characters; allauth's column holds 191 with the issuer
_SIGNED_IN = "signed_in_at_provider"  # of a request and its session: seconds since 1970
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def identity(issuer: str, subject: str) -> str:
    """Return the name of a person at the provider, short enough for allauth's column."""
    short = subject if len(subject) <= MAX_SUBJECT else hashlib.sha256(subject.encode()).hexdigest()
    return f"{issuer} {short}"


class Client(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth carries no types
    """Speaks with the identity provider. What cannot be used raises OAuth2Error."""

    def get_provider(self) -> Any:
        provider = super().get_provider()
        provider.oauth2_adapter_class = Client
        return provider

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document."""
        found = super().openid_config
        if not isinstance(found, dict):
            raise OAuth2Error("the discovery document is not an object")
        if str(found.get("issuer")).rstrip("/") != settings.OIDC_ISSUER:
            raise OAuth2Error("the discovery document is that of another issuer")
        wrong = [each for each in _ENDPOINTS if not is_https_or_here(str(found.get(each)))]
        if wrong:
            raise OAuth2Error(f"the discovery document has no https address: {wrong[0]}")
        return found

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return allauth's login of the person that the ID token is about."""
        claims = self._verified(str(kwargs["response"].get("id_token")), app.client_id)
        data = {"id_token": claims}
        if "email" not in claims:
            data = {"userinfo": self._info_about(claims["sub"], token.token)}
        login = self.get_provider().sociallogin_from_response(request, data)
        login.account.uid = identity(claims["iss"], claims["sub"])
        setattr(request, _SIGNED_IN, claims.get("auth_time"))
        return login

    def _info_about(self, subject: str, access_token: str) -> dict[str, Any]:
        info: Any = self._fetch_user_info(access_token)
        if not isinstance(info, dict) or info.get("sub") != subject:
            raise OAuth2Error("the user info is about somebody else")
        return info

    def _verified(self, token: str, client_id: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token).get("kid")),
                algorithms=ALGORITHMS,
                audience=client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the ID token is not valid: {error}") from error

    def _key(self, number: Any) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
        answer.raise_for_status()
        for key in jwt.PyJWKSet.from_dict(answer.json()).keys:
            if key.key_id == number:
                return key
        raise OAuth2Error("the ID token is signed with an unknown key")


@receiver(user_logged_in)
def _remember(request: HttpRequest, **_: Any) -> None:
    # Only now: allauth ends the session in which a person signs in again.
    if hasattr(request, _SIGNED_IN):
        request.session[_SIGNED_IN] = getattr(request, _SIGNED_IN)


def signed_in_at(request: HttpRequest) -> float:
    """Return when the person last signed in at the provider itself; 0 if it has not said so."""
    found = request.session.get(_SIGNED_IN)
    return float(found) if isinstance(found, int | float) else 0.0


def leads_there(view: View) -> View:
    """Let the forms of a page lead to the identity provider: browsers also check redirects."""

    @wraps(view)
    def with_policy(request: HttpRequest) -> HttpResponse:
        response = view(request)
        if settings.OIDC:
            there = urlsplit(settings.OIDC_ISSUER)
            own = {"form-action": [f"{there.scheme}://{there.netloc}"]}
            # The attribute that csp.decorators.csp_update sets, whose argument is fixed at import.
            response._csp_update = own  # type: ignore[attr-defined]
        return response

    return with_policy


@leads_there
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Ask a person who has no password and no code to sign in again, as the proof."""
    if not (settings.OIDC and request.user.is_authenticated):
        raise Http404
    page = {"next": request.GET.get("next", "")}
    return render(request, "socialaccount/sign_in_again.html", page)


@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the identity provider."""
    # allauth would also take other parameters of the address: anybody can make a link with them.
    own = {"next": request.GET.get("next", ""), "auth_params": urlencode(_asked_for(request))}
    request.GET = QueryDict(urlencode(own))
    return _answer(request, OAuth2LoginView.adapter_view)


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """Return what else the provider is asked: with a max_age it says when the person signed in."""
    if request.user.is_authenticated:
        return {"prompt": "login", "max_age": settings.ACCOUNT_REAUTHENTICATION_TIMEOUT}
    return {"max_age": settings.SESSION_COOKIE_AGE}


@require_GET
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Receive the browser from the identity provider."""
    return _answer(request, OAuth2CallbackView.adapter_view)


def _answer(request: HttpRequest, view: Callable[[Client], Any]) -> HttpResponse:
    if not settings.OIDC:
        raise Http404
    client = Client(request, PROVIDER)
    try:
        found: HttpResponse = view(client)(request)
    except (RequestException, OAuth2Error) as error:
        found = render_authentication_error(request, client.get_provider(), exception=error)
    return found
