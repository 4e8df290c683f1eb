"""Sessions of staff end by themselves, and their owner can end them."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.door import browsers
from portal.looks import HEADER
from tests.portal.door.conftest import PASSWORD, is_in, sign_in

pytestmark = pytest.mark.django_db


def after(**time: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**time))


def test_a_session_ends_when_nothing_happens_for_half_an_hour(client: Client, mia: User) -> None:
    sign_in(client)
    assert is_in(client)
    with after(minutes=29):
        assert is_in(client)
    with after(minutes=58):
        assert is_in(client)
    with after(minutes=89):
        assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


@pytest.mark.parametrize("address", ["dashboard", "worklist-rows", "admin:connect_hostapp_add"])
def test_a_page_that_renews_itself_is_no_sign_of_a_person(
    client: Client, mia: User, address: str
) -> None:
    sign_in(client)
    assert is_in(client)
    with after(minutes=20):
        client.get(reverse(address), headers={HEADER: ""})
    with after(minutes=31):
        assert not is_in(client)


def test_a_session_ends_after_twelve_hours_in_any_case(client: Client, mia: User) -> None:
    sign_in(client)
    for minutes in range(0, 12 * 60, 25):
        with after(minutes=minutes):
            assert is_in(client)
    with after(minutes=12 * 60 + 1):
        assert not is_in(client)


def test_staff_see_their_sessions_and_end_the_others(mia: User) -> None:
    here, lost = Client(), Client(headers={"user-agent": "Lost laptop"})
    sign_in(lost)
    sign_in(here)
    address = reverse("usersessions_list")
    assert b"Lost laptop" in here.get(address).content
    here.post(address)
    assert is_in(here)
    assert not is_in(lost)


def test_an_old_session_ends_no_other_without_the_proof(mia: User) -> None:
    here, other = Client(), Client()
    sign_in(here)
    sign_in(other)
    with after(minutes=20):
        asked = here.post(reverse("usersessions_list"))
        assert asked["Location"].startswith("/admin/account/again/")
        assert is_in(other)
        here.post(asked["Location"], {"password": PASSWORD})
        assert not is_in(other)


def test_a_changed_password_ends_the_other_sessions(mia: User) -> None:
    here, lost = Client(), Client()
    sign_in(lost)
    sign_in(here)
    mia.set_password("another-day-of-work-12")
    mia.save()
    assert not is_in(lost)


def test_a_deactivated_member_is_out_at_once(client: Client, mia: User) -> None:
    sign_in(client)
    assert is_in(client)
    User.objects.update(is_active=False)
    assert not is_in(client)


def test_the_proof_gives_the_session_a_new_key(client: Client, mia: User) -> None:
    sign_in(client)
    old = client.cookies["sessionid"].value
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.cookies["sessionid"].value != old
    assert is_in(client)
    assert b"(this one)" in client.get(reverse("usersessions_list")).content
    thief = Client()
    thief.cookies["sessionid"] = old
    assert not is_in(thief)


@pytest.mark.parametrize("name", ["account_logout", "admin:logout"])
def test_a_browser_forgets_what_was_typed_when_its_owner_logs_out(
    client: Client, mia: User, name: str
) -> None:
    assert "Clear-Site-Data" not in sign_in(client)
    assert "Clear-Site-Data" not in client.get(reverse("admin:index"))
    assert client.post(reverse(name))["Clear-Site-Data"] == '"storage"'
    assert browsers.cookie() in client.cookies


@pytest.mark.parametrize("name", ["mfa_index", "usersessions_list", "admin:index"])
def test_no_browser_keeps_a_page_of_staff(client: Client, mia: User, name: str) -> None:
    sign_in(client)
    assert "no-store" in client.get(reverse(name))["Cache-Control"]
