"""The second factor: an app, a passkey or a recovery code; required by a setting."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.door import throttle
from portal.door.adapters import FactorAdapter
from portal.models import AuditEntry, AuditKind
from tests.portal.door.conftest import PASSWORD, SECRET, code, is_in, sign_in

pytestmark = pytest.mark.django_db
CODE = "/admin/account/factors/authenticate/"


def test_the_app_is_asked_for_after_the_password(client: Client, app: User) -> None:
    assert sign_in(client)["Location"] == CODE
    assert not is_in(client)
    assert client.post(CODE, {"code": code()})["Location"] == "/admin/"
    assert is_in(client)


def test_a_code_works_once(client: Client, app: User) -> None:
    sign_in(client)
    used = code()
    client.post(CODE, {"code": used})
    again = Client()
    sign_in(again)
    assert again.post(CODE, {"code": used}).status_code == 200
    assert not is_in(again)


def test_a_code_works_once_in_all_processes(client: Client, app: User, settings: Settings) -> None:
    # allauth remembers used codes in the cache. Each process has its own, here: none.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    sign_in(client)
    used, next_one = code(), code(steps=1)
    client.post(CODE, {"code": used})
    for spelling in (used, f" {used[:3]}-{used[3:]} "):
        again = Client()
        sign_in(again)
        assert again.post(CODE, {"code": spelling}).status_code == 200
        assert not is_in(again)
    assert again.post(CODE, {"code": next_one}).status_code == 302
    last = Client()
    sign_in(last)
    for each in (used, next_one):
        assert last.post(CODE, {"code": each}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_processes_take_a_code_once(app: User, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    browsers = [Client() for _ in range(4)]
    for each in browsers:
        sign_in(each)
    used = code()

    def enter(browser: Client) -> int:
        try:
            return browser.post(CODE, {"code": used}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        assert sorted(threads.map(enter, browsers)) == [200, 200, 200, 302]


def test_codes_cannot_be_guessed_without_end(client: Client, app: User) -> None:
    sign_in(client)
    for number in range(throttle.PER_CODE):
        client.post(CODE, {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert b"Too many attempts" in client.post(CODE, {"code": code()}).content
    assert not is_in(client)
    assert AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_FAILED).count() == 10


def test_strangers_without_the_password_lock_no_codes(client: Client, app: User) -> None:
    sign_in(client)
    for _ in range(throttle.PER_ACCOUNT):
        sign_in(Client(), "mia", "wrong-wrong-wrong")
    assert client.post(CODE, {"code": code()}).status_code == 302


def test_staff_without_a_second_factor_see_nothing_but_where_to_add_one(
    client: Client, mia: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    sign_in(client)
    for page in ("/admin/", "/admin/tenants/tenant/", "/admin/dashboard/"):
        assert client.get(page)["Location"] == reverse("mfa_index")
    assert b"Add a second factor first" in client.get(reverse("mfa_index")).content


def test_an_app_is_added_and_gives_recovery_codes(
    client: Client, mia: User, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    sign_in(client)
    address = reverse("mfa_activate_totp")
    asked = client.get(address)
    assert asked["Location"].startswith("/admin/account/again/")
    client.post(asked["Location"], {"password": PASSWORD})
    page = client.get(address)
    assert b"<svg" in page.content
    assert b"data:image" not in page.content
    assert client.session["mfa.totp.secret"]
    session = client.session
    session["mfa.totp.secret"] = SECRET
    session.save()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address, {"code": code()})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert is_in(client)
    kinds = set(Authenticator.objects.values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}
    assert AuditEntry.objects.filter(kind=AuditKind.FACTOR, actor="mia").count() == 2


def test_the_secret_of_an_app_is_not_stored_in_clear(app: User) -> None:
    assert SECRET not in str(Authenticator.objects.get(type="totp").data)


LOST = "gAAAAA-of-another-key"


def lose_keys() -> None:
    for factor in Authenticator.objects.all():
        name = "secret" if factor.type == "totp" else "seed"
        Authenticator.objects.filter(pk=factor.pk).update(data={**factor.data, name: LOST})


def codes_of_empty_secrets() -> list[str]:
    """Return what an app with an empty key shows now, and the recovery codes of an empty seed."""
    empty = {"seed": "", "used_mask": 0}
    with patch.object(FactorAdapter, "decrypt", return_value=""):
        recovery = RecoveryCodes(Authenticator(data=empty)).generate_codes()
    return [code(secret=""), *recovery[:3]]


def test_a_secret_whose_key_is_lost_fits_no_code(client: Client, app: User) -> None:
    recovery = RecoveryCodes.activate(app).generate_codes()
    lose_keys()
    sign_in(client)
    for each in [code(), recovery[0], *codes_of_empty_secrets()]:
        assert client.post(CODE, {"code": each}).status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize("other", ["mfa_view_recovery_codes", "mfa_generate_recovery_codes"])
def test_the_pages_of_lost_codes_say_so(client: Client, app: User, other: str) -> None:
    RecoveryCodes.activate(app)
    sign_in(client)
    client.post(CODE, {"code": code()})
    lose_keys()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(other))
    assert (page.status_code, b"cannot be read" in page.content) == (409, True)
    assert client.get(reverse("mfa_index")).status_code == 200


def test_a_recovery_code_works_although_the_key_of_the_app_is_lost(
    client: Client, app: User
) -> None:
    lose_keys()
    once = RecoveryCodes.activate(app).generate_codes()[0]
    sign_in(client)
    assert client.post(CODE, {"code": once})["Location"] == "/admin/"


def test_readiness_says_that_the_key_of_the_newest_factor_is_lost(
    client: Client, app: User
) -> None:
    assert "second factor" not in str(client.get("/readyz").json()["problems"])
    lose_keys()
    assert "newest second factor" in str(client.get("/readyz").json()["problems"])


def test_a_recovery_code_replaces_the_app_once(client: Client, app: User) -> None:
    once = RecoveryCodes.activate(app).generate_codes()[0]
    sign_in(client)
    assert client.post(CODE, {"code": once})["Location"] == "/admin/"
    again = Client()
    sign_in(again)
    assert again.post(CODE, {"code": once}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "usersessions_list",
        "account_change_password",
        "account_reauthenticate",
    ],
)
def test_every_page_of_the_door_obeys_the_policy(client: Client, mia: User, name: str) -> None:
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(name))
    html = page.content.decode()
    assert page.status_code == 200
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "<style" not in html
    assert " style=" not in html
    assert "data:" not in html
    assert "portal/admin.css" in html
