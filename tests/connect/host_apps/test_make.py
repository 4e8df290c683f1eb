"""A host app is made at Heroku step by step, and checked for all that tenants need."""

from typing import Any

import pytest
from django.db import connection as database
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import host_apps
from connect.clients import heroku
from connect.clients.accounts import OWN
from connect.host_apps import make
from connect.models import HostApp, Stage
from connect.operations.base import OperationOutcome
from tenants.models import Proof
from tests import cast
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
DONE, FAILED = OperationOutcome.DONE, OperationOutcome.FAILED
NAME = "isv-connect-2"
OTHER = {"account": "eu", "token": "HRKU-other"}


def new(**facts: Any) -> HostApp:
    wanted = {
        "team": "isv-team",
        "config_var": "TENANTS_DATABASE_URL",
        "database_addon": "postgresql-emulated",
    }
    return HostApp.objects.create(name=NAME, **{**wanted, **facts})


def press(host: HostApp) -> tuple[OperationOutcome, str]:
    report = make.make(host.pk)
    host.refresh_from_db()
    return report.outcome, report.text


def test_the_first_host_app_comes_from_the_settings(settings: Settings) -> None:
    assert host_apps.ensure_first() is None
    HostApp.objects.all().delete()
    settings.HEROKU_CONNECT_APP = "isv-connect-1"
    made = host_apps.ensure_first()
    assert made is not None
    assert (made.name, made.database, made.config_var) == (
        "isv-connect-1",
        "default",
        "DATABASE_URL",
    )
    assert made.ready_at


def test_it_is_made_attached_and_ready(emulator: emulated.Running) -> None:
    host = new()
    assert press(host)[0] == DONE
    assert host.ready_at
    seen = emulator.apps()[NAME]
    assert (seen["team"], list(seen["config_vars"])) == ("isv-team", ["TENANTS_DATABASE_URL"])
    assert host.other_config_bytes == sum(map(len, seen["config_vars"].popitem()))
    assert press(host) == (DONE, f"Make at Heroku: {NAME}: all that tenants need is there.")


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/teams/apps"), ("POST", "/addon-attachments"), ("GET", "/config-vars")],
)
def test_it_goes_on_where_it_stopped(
    emulator: emulated.Running, method: str, path: str, drop: str
) -> None:
    host = new()
    emulator.fail("heroku", method=method, path=path, drop=drop, times=3)
    assert press(host)[0] == FAILED
    assert host.ready_at is None
    emulator.clear_faults()
    assert press(host)[0] == DONE
    assert len(emulator.apps()) == 2


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"database_addon": ""}, "It has no TENANTS_DATABASE_URL: heroku addons:attach"),
        ({"database": "tenants_nowhere"}, "TENANTS_NOWHERE_URL is not set"),
        ({"max_config_bytes": 10}, "leave no room"),
    ],
)
def test_what_is_missing_is_named_and_keeps_tenants_off(
    emulator: emulated.Running, facts: dict[str, Any], problem: str
) -> None:
    host = new(**facts)
    outcome, text = press(host)
    assert (outcome, problem in text, problem in host.problem) == (FAILED, True, True)
    assert host.ready_at is None


@pytest.mark.parametrize(
    ("facts", "taken", "what_to_do"),
    [
        ({}, [NAME], "Name it otherwise here"),
        ({"region": "mars"}, [], "Correct it here"),
        ({"team": "nobody"}, [], "Correct it here"),
        ({"database_addon": "postgresql-nowhere"}, [], "Correct it here"),
    ],
)
def test_a_refusal_says_what_to_correct(
    emulator: emulated.Running, facts: dict[str, Any], taken: list[str], what_to_do: str
) -> None:
    emulator.behave(taken_names=taken)
    outcome, text = press(new(**facts))
    assert (outcome, what_to_do in text, "is found" in text) == (FAILED, True, False)


def test_what_only_failed_is_worth_another_press(emulator: emulated.Running) -> None:
    emulator.fail("heroku", method="POST", path="/teams/apps", status=503)
    assert "Press it again: what is done is found." in press(new())[1]


def test_a_token_that_heroku_refuses_is_to_be_replaced(emulator: emulated.Running) -> None:
    emulator.behave(revoked_tokens=["HRKU-other"])
    assert "Enter a token that works" in press(new(**OTHER))[1]


def test_an_app_with_dynos_is_no_host_app(emulator: emulated.Running) -> None:
    report = make.look(cast.host_app().pk)
    assert (report.outcome, "runs dynos (2)" in report.text) == (FAILED, True)
    assert cast.host_app().ready_at is None


def test_an_app_with_dynos_is_right_once_it_is_closed_to_new_tenants(
    emulator: emulated.Running,
) -> None:
    HostApp.objects.update(accepts=False)
    assert make.look(cast.host_app().pk).outcome == DONE


def test_a_config_var_of_another_database_is_noticed(emulator: emulated.Running) -> None:
    emulator.control("POST", "apps", {"name": NAME})
    url = "postgres://u:p@elsewhere.example/other"
    host = new(database_addon="")
    other = {"TENANTS_DATABASE_URL": url}
    heroku.call(OWN, "PATCH", f"/apps/{NAME}/config-vars", document=other)
    assert "leads to another database than default" in press(host)[1]


def test_an_app_of_another_account_is_made_with_its_token(emulator: emulated.Running) -> None:
    account = {"email": "eu@isv.example", "tokens": ["HRKU-other"], "teams": ["isv-team"]}
    emulator.control("POST", "accounts", account)
    host = new(**OTHER)
    assert press(host)[0] == DONE
    assert emulator.apps()[NAME]["account_id"] == "eu@isv.example"
    HostApp.objects.filter(pk=host.pk).update(token="HRKU-first")
    report = make.look(host.pk)
    assert "Heroku (account eu) has no app isv-connect-2, or does not show it" in report.text


def test_a_token_that_no_key_decrypts_is_never_replaced_by_another(
    emulator: emulated.Running,
) -> None:
    host = new(**OTHER)
    with database.cursor() as cursor:
        cursor.execute("UPDATE connect_hostapp SET token = 'gone' WHERE id = %s", [host.pk])
    outcome, text = press(host)
    assert (outcome, "the stored token of the account eu cannot be read" in text) == (FAILED, True)
    assert emulator.calls() == []


def test_a_ready_host_app_takes_the_tenants_that_wait_for_room(
    emulator: emulated.Running,
) -> None:
    HostApp.objects.update(accepts=False)
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    assert journey.advance().host_app is None
    host = new()
    assert press(host)[0] == DONE
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.connection.host_app == host
    apps = emulator.apps()
    assert apps["multiconnect-test"]["restarts"] == 0
    assert apps[NAME]["restarts"] == 0
