"""The addresses of the door. There is none to sign up, to add an e-mail or to reset a password."""

from allauth.account import views as account
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from portal.door import identity_provider as sso

# allauth finds both addresses by these names and this argument.
_SSO, _PROVIDER = "account/oidc/sso/login", {"provider_id": sso.PROVIDER}


def no_password(request: HttpRequest) -> HttpResponse:
    """Answer a person who signs in without a password, and may not set one. It is refused."""
    raise PermissionDenied


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", sso.leads_there(account.login), name="account_login"),
    path("password_change/", account.password_change, name="account_change_password"),
    path("account/no-password/", no_password, name="account_set_password"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("account/again/sso/", sso.sign_in_again, name="sign_in_again"),
    path(f"{_SSO}/", sso.begin, _PROVIDER, name="openid_connect_login"),
    path(f"{_SSO}/callback/", sso.callback, _PROVIDER, name="openid_connect_callback"),
]
