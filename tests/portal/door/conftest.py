"""A member of staff with a password, and what signing in takes."""

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal import roles

PASSWORD = "a-day-of-work-12"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN = "/admin/login/"
SignIn = Callable[..., HttpResponse]


@pytest.fixture
def mia(db: None) -> User:
    """A manager."""
    roles.ensure()
    user = User.objects.create_user("mia", "mia@isv.example", PASSWORD, is_staff=True)
    user.groups.set([Group.objects.get(name=roles.MANAGER)])
    return user


@pytest.fixture
def app(mia: User) -> User:
    """Mia with an authenticator app."""
    TOTP.activate(mia, SECRET)
    return mia


def code(steps: int = 0, secret: str = SECRET) -> str:
    """Return what the app shows now, or some steps of 30 seconds later."""
    counter = int(timezone.now().timestamp()) // 30 + steps
    return str(format_hotp_value(hotp_value(secret, counter)))


def sign_in(client: Client, name: str = "mia", password: str = PASSWORD) -> HttpResponse:
    return client.post(LOGIN, {"login": name, "password": password})  # type: ignore[return-value]


def is_in(client: Client) -> bool:
    return client.get("/admin/jsi18n/").status_code == 200  # the page that costs least


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    """Hash passwords quickly: how slow the real hash is, is Django's matter."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
