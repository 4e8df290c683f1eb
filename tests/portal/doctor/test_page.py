"""“Setting up”: who may look, who may check, and that only a POST does anything."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

import emulator as emulated
from portal import doctor
from portal.models import AuditEntry
from tests.portal.admin.conftest import signed_in

PAGE = "/admin/setup/"


def test_looking_at_it_calls_nobody(viewer: Client, well: emulated.Running) -> None:
    well.clear_calls()
    shown = viewer.get(PAGE).content.decode()
    assert well.calls() == []
    assert shown.count("Not checked") == len(doctor.CHECKS)
    assert "Only Operators and Managers can check." in shown


def test_a_viewer_may_not_check(viewer: Client, well: emulated.Running) -> None:
    well.clear_calls()
    assert viewer.post(PAGE).status_code == 403
    assert well.calls() == []


def test_a_person_without_a_role_sees_nothing(db: None) -> None:
    client = signed_in(User.objects.create_user("nobody", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_an_operator_checks_all_of_it(
    operator: Client,
    well: emulated.Running,
) -> None:
    well.behave(token_scopes=["read"])
    shown = operator.post(PAGE).content.decode()
    assert "Not checked" not in shown
    assert "The token&#x27;s scope is read: it cannot make add-ons." in shown
    assert "heroku authorizations:create -s global" in shown
    assert "HRKU-test-token" not in shown


def test_one_check_is_answered_alone(operator: Client, well: emulated.Running) -> None:
    shown = operator.post(PAGE, {"check": "clock", "fragment": "yes"}).content.decode()
    assert shown.count("<li") == 1
    assert "All well" in shown
    assert "<html" not in shown


def test_without_scripts_the_other_checks_stay_on_the_page(
    operator: Client,
    well: emulated.Running,
) -> None:
    shown = operator.post(PAGE, {"check": "clock"}).content.decode()
    assert shown.count("Not checked") == len(doctor.CHECKS) - 1


def test_what_does_not_fit_into_one_request_is_skipped_and_says_so(
    operator: Client,
    well: emulated.Running,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("portal.doctor.page.MAX_SECONDS", 0)
    shown = operator.post(PAGE).content.decode()
    assert shown.count("The time for one request is over") == len(doctor.CHECKS)


def test_a_check_that_does_not_exist_is_refused(operator: Client) -> None:
    assert operator.post(PAGE, {"check": "weather"}).status_code == 400


def test_the_person_who_asks_gets_an_e_mail(operator: Client) -> None:
    shown = operator.post(PAGE, {"send": "me"}).content.decode()
    assert "Your account has no e-mail address" in shown
    User.objects.filter(username="olga").update(email="olga@isv.example")
    shown = operator.post(PAGE, {"send": "me", "fragment": "yes"}).content.decode()
    assert "has taken an e-mail to olga@isv.example" in shown
    assert [each.to for each in mail.outbox] == [["olga@isv.example"]]
    assert AuditEntry.objects.filter(what="Send a test e-mail", actor="olga").count() == 2


def test_the_menu_leads_there(viewer: Client) -> None:
    assert f'href="{PAGE}"' in viewer.get("/admin/").content.decode()
