"""The pages of the account are in the portal's words, and not in those of the library."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.portal.door.conftest import PASSWORD, code, sign_in

pytestmark = pytest.mark.django_db
LIBRARY = re.compile(
    r"Security [Kk]ey|Successfully|successfully|Are you sure|Deactivat|Sign Out|sign out|"
    r"Current Password|Please type|Incorrect|you specified|invalidate|has been generated|"
    r"No security keys|Use authenticator app"
)
PAGES = [
    *("account_change_password", "account_reauthenticate", "account_logout", "mfa_index"),
    *("mfa_list_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes"),
    *("mfa_view_recovery_codes", "usersessions_list", "mfa_reauthenticate"),
    *("mfa_add_webauthn", "mfa_reauthenticate_webauthn"),
]


@pytest.fixture
def passkey(app: User) -> Authenticator:
    RecoveryCodes.activate(app)
    return Authenticator.objects.create(
        user=app, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop", "credential": {}}
    )


@pytest.fixture
def page(client: Client, passkey: Authenticator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gets a page as a person who is signed in."""
    # What a browser makes of its own is tried in tests/browser/test_door.py.
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.begin_authentication", lambda user: {})
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.begin_registration", lambda *_: {})
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.WebAuthn.is_passwordless", True)
    sign_in(client)
    client.post("/admin/account/factors/authenticate/", {"code": code()})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    def get(name: str, **keys: int) -> str:
        answer = client.get(reverse(name, kwargs=keys))
        assert answer.status_code == 200, name
        return answer.content.decode()

    return get


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_account_is_in_the_portals_words(page: Any, name: str) -> None:
    assert LIBRARY.findall(page(name)) == []


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
def test_a_page_of_a_passkey_is_in_the_portals_words(
    page: Any, passkey: Authenticator, name: str
) -> None:
    html = page(name, pk=passkey.pk)
    assert LIBRARY.findall(html) == []
    assert "Laptop" in html


def test_the_list_of_passkeys_names_each(page: Any) -> None:
    html = page("mfa_list_webauthn")
    assert "Laptop" in html
    assert "Rename" in html


def test_wrong_answers_and_what_was_done_are_in_the_portals_words(
    client: Client, mia: User
) -> None:
    assert "The name or the password is wrong." in sign_in(client, "mia", "x").content.decode()
    sign_in(client)
    new = "another-day-of-work-12"
    form = {"oldpassword": "wrong", "password1": new, "password2": new}
    answer = client.post(reverse("account_change_password"), form).content.decode()
    assert "This is not your current password." in answer
    form["oldpassword"] = PASSWORD
    done = client.post(reverse("account_change_password"), form, follow=True)
    assert "Your password is changed." in done.content.decode()
    assert LIBRARY.findall(done.content.decode()) == []


@pytest.mark.parametrize("name", ["account_login", "account_change_password"])
def test_a_password_is_masked_and_a_password_manager_can_fill_it(
    client: Client, mia: User, name: str
) -> None:
    if name != "account_login":
        sign_in(client)
    fields = re.findall(r'<input type="password"[^>]*>', client.get(reverse(name)).content.decode())
    assert fields
    assert all("autocomplete=" in each and "onpaste" not in each for each in fields)
