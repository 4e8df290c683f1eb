"""The addresses of the door. There is none to sign up, to add an e-mail or to reset a password."""

from collections.abc import Callable
from functools import wraps

from allauth.account import views as account
from allauth.mfa.webauthn.views import login_webauthn
from allauth.usersessions.views import list_usersessions
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from portal.door import identity_provider as sso
from portal.door import reentry, throttle
from tenants.view_limits import limited

View = Callable[[HttpRequest], HttpResponse]
# allauth finds both addresses by these names and this argument.
_SSO, _PROVIDER = "account/oidc/sso/login", {"provider_id": sso.PROVIDER}
# Beginning to sign in stores a session for somebody who has proved nothing yet.
BEGUN_PER_HOUR = 120  # from one network
_begun = limited(f"{throttle.PREFIX}begun", BEGUN_PER_HOUR)


def with_proof(
    view: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page change something only after the proof: ending sessions shuts people out."""

    @wraps(view)
    def proven(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.user.is_authenticated:
            reentry.ask(request)
        return view(request)

    return proven


def no_password(request: HttpRequest) -> HttpResponse:
    """Answer a person who signs in without a password, and may not set one. It is refused."""
    raise PermissionDenied


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", sso.leads_there(account.login), name="account_login"),
    path("password_change/", account.password_change, name="account_change_password"),
    path("account/no-password/", no_password, name="account_set_password"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/factors/webauthn/login/", _begun(login_webauthn), name="mfa_login_webauthn"),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", with_proof(list_usersessions), name="usersessions_list"),
    path("account/again/sso/", sso.sign_in_again, name="sign_in_again"),
    path(f"{_SSO}/", _begun(sso.begin), _PROVIDER, name="openid_connect_login"),
    path(f"{_SSO}/callback/", sso.callback, _PROVIDER, name="openid_connect_callback"),
]
