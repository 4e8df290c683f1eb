"""Signing in: guesses are limited before anything is hashed, and each is noted."""

from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.admin.utils import quote
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from portal.actions.door import UNLOCK
from portal.door import browsers, throttle
from portal.models import AuditEntry, AuditKind
from tenants.models import RateBucket
from tests.portal.admin import walk
from tests.portal.door.conftest import LOGIN, PASSWORD, is_in, sign_in

pytestmark = pytest.mark.django_db


def noted(kind: AuditKind) -> list[tuple[str, str | None]]:
    return list(AuditEntry.objects.filter(kind=kind).values_list("actor", "address"))


def test_staff_sign_in_with_name_and_password(client: Client, mia: User) -> None:
    assert sign_in(client)["Location"] == "/admin/"
    assert is_in(client)
    assert noted(AuditKind.SIGNED_IN) == [("mia", "127.0.0.1")]


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(
    client: Client, mia: User
) -> None:
    pages = [sign_in(client, name, "wrong-wrong-wrong") for name in ("mia", "nobody")]
    texts = {page.content.decode().replace("nobody", "mia") for page in pages}
    plain = {text.partition("login-form")[0] for text in texts}
    assert len(plain) == 1
    assert "errornote" in plain.pop()
    assert noted(AuditKind.SIGN_IN_FAILED) == [("nobody", "127.0.0.1"), ("mia", "127.0.0.1")]


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_who_is_no_active_staff_gets_the_answer_of_a_wrong_password(
    client: Client, mia: User, change: dict[str, bool]
) -> None:
    User.objects.filter(pk=mia.pk).update(**change)
    assert b"errornote" in sign_in(client).content
    assert not is_in(client)


def guess_wrong(number: int, name: str = "mia", *, client: Client | None = None) -> None:
    for _ in range(number):
        sign_in(client or Client(), name, "wrong-wrong-wrong")


def test_after_ten_wrong_guesses_not_even_the_right_password_is_looked_at(
    client: Client, mia: User
) -> None:
    guess_wrong(throttle.PER_NETWORK, "MIA")
    with patch.object(hashers, "check_password", side_effect=AssertionError("hashed")):
        page = sign_in(client)
    assert b"Too many attempts. Try again in 6 min" in page.content
    assert noted(AuditKind.SIGN_IN_REFUSED) == [("mia", "127.0.0.1")]
    with time_machine.travel(timezone.now() + timedelta(minutes=7)):
        assert sign_in(client).status_code == 302


def test_a_stranger_locks_nobody_out_of_another_network(client: Client, mia: User) -> None:
    guess_wrong(throttle.PER_ADDRESS, client=Client(REMOTE_ADDR="192.0.2.1"))
    assert sign_in(client).status_code == 302


def strangers_everywhere() -> None:
    """Guess from many networks until the account is locked."""
    for number in range(throttle.PER_ACCOUNT):
        guess_wrong(1, client=Client(REMOTE_ADDR=f"192.0.2.{number}"))


def test_many_networks_together_have_a_limit_too(client: Client, mia: User) -> None:
    strangers_everywhere()
    assert b"Too many attempts" in sign_in(client).content


def known_browser() -> Client:
    """Return a browser in which Mia was signed in before, and was signed out."""
    browser = Client()
    sign_in(browser)
    del browser.cookies["sessionid"]
    return browser


def test_strangers_do_not_lock_a_browser_that_was_signed_in_before(mia: User) -> None:
    own = known_browser()
    strangers_everywhere()
    guess_wrong(throttle.PER_ADDRESS)  # from the same network
    assert sign_in(own).status_code == 302


def test_the_cookie_of_a_browser_is_for_one_name_and_has_a_limit_of_its_own(mia: User) -> None:
    User.objects.create_user("olga", password=PASSWORD, is_staff=True)
    own = known_browser()
    guess_wrong(throttle.PER_NETWORK, "olga")
    assert b"Too many" in sign_in(own, "olga").content
    forged = Client()
    forged.cookies[browsers.cookie()] = f"{own.cookies[browsers.cookie()].value}x"
    guess_wrong(throttle.PER_NETWORK)
    assert b"Too many" in sign_in(forged).content
    guess_wrong(throttle.PER_NETWORK, client=own)
    assert b"Too many" in sign_in(own).content


def test_the_cookie_of_a_browser_says_no_name_and_opens_nothing(client: Client, mia: User) -> None:
    sign_in(client)
    cookie = client.cookies[browsers.cookie()]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert "mia" not in cookie.value
    del client.cookies["sessionid"]
    assert not is_in(client)


def test_an_address_that_is_refused_makes_no_rows_for_new_names(client: Client, mia: User) -> None:
    for number in range(throttle.PER_ADDRESS):
        sign_in(client, f"name-{number}", "wrong-wrong-wrong")
    before = RateBucket.objects.count()
    for number in range(5):
        assert b"Too many" in sign_in(client, f"another-{number}", "x").content
    assert RateBucket.objects.count() == before + 1  # how many lock-outs were noted


def test_beginning_with_a_passkey_is_limited_because_it_stores_a_session(client: Client) -> None:
    address = reverse("mfa_login_webauthn")
    RateBucket.objects.create(
        key="sign-in:begun:127.0.0.1", tokens=1, filled_at=timezone.now() + timedelta(minutes=4)
    )
    answers = [Client().get(address, headers={"Accept": "application/json"}) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 429, 429]
    assert Session.objects.count() == 1


def test_one_address_cannot_guess_at_many_names(client: Client, mia: User) -> None:
    for number in range(throttle.PER_ADDRESS):
        sign_in(client, f"name-{number}", "wrong-wrong-wrong")
    assert b"Too many attempts" in sign_in(client).content
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1")).status_code == 302


def test_right_passwords_use_nothing_up(mia: User) -> None:
    for _ in range(throttle.PER_NETWORK + 2):
        assert sign_in(Client()).status_code == 302


def test_a_manager_unlocks_an_account(client: Client, mia: User) -> None:
    sign_in(client)
    other = Client(REMOTE_ADDR="192.0.2.1")
    User.objects.create_user("olga", password=PASSWORD, is_staff=True)
    guess_wrong(throttle.PER_NETWORK, "olga", client=other)
    assert b"Too many" in sign_in(other, "olga").content
    row = "sign-in:account:olga from 192.0.2.1"
    client.post(walk.page(RateBucket, "act", quote(row), UNLOCK))
    assert sign_in(other, "olga").status_code == 302


def test_a_command_unlocks_an_account_and_the_trail_says_so(client: Client, mia: User) -> None:
    User.objects.create_user("mia@isv.example", password=PASSWORD, is_staff=True)
    strangers_everywhere()
    guess_wrong(throttle.PER_NETWORK)
    guess_wrong(throttle.PER_NETWORK, "mia@isv.example")
    said = StringIO()
    call_command("unlock", "mia", stdout=said)
    assert "limits on attempts forgotten" in said.getvalue()
    assert sign_in(client).status_code == 302
    assert b"Too many" in sign_in(Client(), "mia@isv.example").content
    entry = AuditEntry.objects.get(kind=AuditKind.STAFF_CHANGED)
    assert (entry.actor, entry.about, entry.address) == ("manage.py unlock", "mia", None)


def test_the_command_removes_lost_factors_only_if_asked_to(app: User) -> None:
    RecoveryCodes.activate(app)
    call_command("unlock", "mia", stdout=StringIO())
    assert Authenticator.objects.count() == 2
    said = StringIO()
    call_command("unlock", "mia", remove_factors=True, stdout=said)
    assert "2 second factors removed" in said.getvalue()
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert "2 second factors removed" in entry.result


def test_the_command_changes_nothing_for_an_unknown_name(db: None) -> None:
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("unlock", "nobody")
    assert not AuditEntry.objects.exists()


def test_a_bucket_of_callouts_cannot_be_unlocked(client: Client, mia: User) -> None:
    RateBucket.objects.create(key="total", tokens=0, filled_at=timezone.now())
    sign_in(client)
    client.post(walk.page(RateBucket, "act", "total", UNLOCK))
    assert RateBucket.objects.filter(key="total").exists()


@pytest.mark.parametrize(
    "name",
    ["account_signup", "account_email", "account_reset_password", "socialaccount_connections"],
)
def test_nobody_signs_up_and_no_password_is_reset_by_mail(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_the_login_leads_back_to_the_page_that_was_asked_for(client: Client, mia: User) -> None:
    asked = client.get("/admin/tenants/tenant/")
    assert asked["Location"] == f"{LOGIN}?next=/admin/tenants/tenant/"
    data = {"login": "mia", "password": PASSWORD, "next": "/admin/tenants/tenant/"}
    assert client.post(LOGIN, data)["Location"] == "/admin/tenants/tenant/"
    stranger = {**data, "next": "https://evil.example/"}
    assert Client().post(LOGIN, stranger)["Location"] == "/admin/"


def test_the_current_password_cannot_be_guessed_where_it_is_changed(
    client: Client, mia: User
) -> None:
    sign_in(client)
    page, new = "/admin/password_change/", "another-day-of-work-12"
    form = {"oldpassword": "wrong-wrong-wrong", "password1": new, "password2": new}
    for _ in range(throttle.PER_NETWORK):
        client.post(page, form)
    assert noted(AuditKind.SIGN_IN_FAILED) == [("mia", "127.0.0.1")] * throttle.PER_NETWORK
    answer = client.post(page, {**form, "oldpassword": PASSWORD})
    assert b"Too many attempts" in answer.content
    mia.refresh_from_db()
    assert mia.check_password(PASSWORD)
