"""The addresses of the door. There is none to sign up, to add an e-mail or to reset a password."""

from allauth.account import views as account
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path


def no_password(request: HttpRequest) -> HttpResponse:
    """Answer a person who signs in without a password, and may not set one. It is refused."""
    raise PermissionDenied


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", account.login, name="account_login"),
    path("password_change/", account.password_change, name="account_change_password"),
    path("account/no-password/", no_password, name="account_set_password"),
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
]
if settings.OIDC:
    urlpatterns.append(
        path("account/", include("allauth.socialaccount.providers.openid_connect.urls"))
    )
