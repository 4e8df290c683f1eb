"""Signing in: guesses are limited before anything is hashed, and each is noted."""

from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from portal.actions.door import UNLOCK
from portal.door import throttle
from portal.models import AuditEntry, AuditKind
from tenants.models import RateBucket
from tests.portal.admin import walk
from tests.portal.door.conftest import LOGIN, PASSWORD, is_in, sign_in

pytestmark = pytest.mark.django_db
ACCOUNT = "sign-in:account:mia"


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


def test_after_ten_wrong_guesses_not_even_the_right_password_is_looked_at(
    client: Client, mia: User
) -> None:
    for number in range(throttle.PER_ACCOUNT):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), "MIA", "wrong-wrong-wrong")
    with patch.object(hashers, "check_password", side_effect=AssertionError("hashed")):
        page = sign_in(client)
    assert b"Too many attempts. Try again in 6 min" in page.content
    assert noted(AuditKind.SIGN_IN_REFUSED) == [("mia", "127.0.0.1")]
    with time_machine.travel(timezone.now() + timedelta(minutes=7)):
        assert sign_in(client).status_code == 302


def test_one_address_cannot_guess_at_many_names(client: Client, mia: User) -> None:
    for number in range(throttle.PER_ADDRESS):
        sign_in(client, f"name-{number}", "wrong-wrong-wrong")
    assert b"Too many attempts" in sign_in(client).content
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1")).status_code == 302


def test_right_passwords_use_nothing_up(mia: User) -> None:
    for _ in range(throttle.PER_ACCOUNT + 2):
        assert sign_in(Client()).status_code == 302


def test_a_manager_unlocks_an_account(client: Client, mia: User) -> None:
    sign_in(client)
    other = Client(REMOTE_ADDR="192.0.2.1")
    User.objects.create_user("olga", password=PASSWORD, is_staff=True)
    for _ in range(throttle.PER_ACCOUNT):
        sign_in(other, "olga", "wrong-wrong-wrong")
    assert b"Too many" in sign_in(other, "olga").content
    client.post(walk.page(RateBucket, "act", "sign-in:account:olga".replace(":", "_3A"), UNLOCK))
    assert sign_in(other, "olga").status_code == 302


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
    for _ in range(throttle.PER_ACCOUNT):
        client.post(page, form)
    assert noted(AuditKind.SIGN_IN_FAILED) == [("mia", "127.0.0.1")] * throttle.PER_ACCOUNT
    answer = client.post(page, {**form, "oldpassword": PASSWORD})
    assert b"Too many attempts" in answer.content
    mia.refresh_from_db()
    assert mia.check_password(PASSWORD)
