"""The host apps' pages: what staff may enter, what is never shown, and what a change sets going."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.models import AddonDay, Connection, HostApp, Stage
from tests import cast
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
TOKEN = "HRKU-that-nobody-may-see"
NEW = {"name": "isv-connect-2", "region": "us", "database": "default", "config_var": "DATABASE_URL"}
ROOM = {"max_addons": 500, "max_config_bytes": 32_000}


def add(client: Client, **more: str) -> Any:
    return client.post(walk.page(HostApp, "add"), {**NEW, **more})


def change(client: Client, host: HostApp, **more: Any) -> Any:
    return client.post(walk.page(HostApp, "change", host.pk), {**NEW, **ROOM, **more})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Not A Name"}, "Lower-case letters, digits and hyphens"),
        ({"name": "multiconnect-test"}, "already exists"),
        ({"name": "multiconnect-portal"}, "This app runs the portal"),
        ({"config_var": "DATABASE"}, "ends in _URL"),
        ({"database": "tenants_nowhere"}, "Select a valid choice"),
        ({"new_token": TOKEN}, "Name the account of this token"),
        ({"account": "eu"}, "Enter the token of this account"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(
    manager: Client, given: dict[str, str], said: str
) -> None:
    answer = add(manager, **given).content.decode()
    assert said in answer
    assert TOKEN not in answer
    assert HostApp.objects.count() == 1


def test_a_token_is_stored_encrypted_kept_by_an_empty_field_and_never_shown(
    manager: Client,
) -> None:
    add(manager, account="eu", new_token=TOKEN)
    host = HostApp.objects.get(name=NEW["name"])
    change(manager, host, account="eu", team="isv-team")
    host.refresh_from_db()
    assert (host.team, host.token) == ("isv-team", TOKEN)
    with database.cursor() as cursor:
        cursor.execute("SELECT token FROM connect_hostapp WHERE id = %s", [host.pk])
        assert TOKEN not in str(cursor.fetchone())
    for page in ("change", "history"):
        assert TOKEN not in manager.get(walk.page(HostApp, page, host.pk)).content.decode()


def test_a_token_is_the_accounts_so_all_its_host_apps_get_a_new_one(manager: Client) -> None:
    add(manager, account="eu", new_token=TOKEN)
    add(manager, name="isv-connect-3", account="eu")  # the account is known
    add(manager, name="isv-connect-4", account="us", new_token="HRKU-us")
    second, third, other = HostApp.objects.filter(name__startswith="isv-").order_by("name")
    assert (second.token, third.token, other.token) == (TOKEN, TOKEN, "HRKU-us")
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING, host_app=third)
    change(manager, third, name="isv-connect-3", new_token="HRKU-new")
    for host, token in ((second, "HRKU-new"), (third, "HRKU-new"), (other, "HRKU-us")):
        host.refresh_from_db()
        assert host.token == token
    assert cast.host_app().token is None


def test_a_host_app_of_another_account_takes_the_token_of_that_one(manager: Client) -> None:
    add(manager, account="eu", new_token=TOKEN)
    host = HostApp.objects.get(name=NEW["name"])
    assert "Enter the token of this account" in change(manager, host, account="us").content.decode()
    change(manager, host, account="")
    host.refresh_from_db()
    assert not host.account
    assert not host.token


def test_what_addons_depend_on_is_fixed_while_there_are_any(manager: Client) -> None:
    host = cast.host_app()
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    change(manager, host, name="renamed", config_var="OTHER_URL", team="isv-team")
    host.refresh_from_db()
    assert (host.name, host.config_var, host.team) == (
        "multiconnect-test",
        "DATABASE_URL",
        "isv-team",
    )


def test_who_opens_a_host_app_lets_the_waiting_tenants_go_on(manager: Client) -> None:
    HostApp.objects.update(accepts=False)
    later = timezone.now() + timedelta(hours=1)
    cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON, next_attempt_at=later)
    change(manager, cast.host_app(), name=cast.host_app().name, accepts="on")
    assert cast.host_app().accepts
    assert Connection.objects.filter(next_attempt_at__lt=later).exists()


@pytest.mark.parametrize(
    ("facts", "badge"),
    [
        ({}, "Open"),
        ({"accepts": False}, "Closed to new tenants"),
        ({"max_addons": 1}, "Full"),
        ({"ready_at": None, "problem": "It has no DATABASE_URL."}, "Not ready"),
    ],
)
def test_the_list_says_state_room_forecast_and_cost(
    viewer: Client, facts: dict[str, Any], badge: str
) -> None:
    HostApp.objects.update(**facts)
    cast.connect(
        cast.enrol(cast.ACME),
        Stage.LINKING,
        addon_name="hc-acme",
        addon_requested_at=timezone.now(),
        monthly_cents=50_000,
    )
    AddonDay.objects.create(day=timezone.now().date(), ordered=7)
    page = viewer.get(walk.page(HostApp, "changelist")).content.decode()
    assert f">{badge}<" in page
    assert "All add-ons cost $500.00 a month." in page
    assert ("at 1.0 a day" in page) == (badge == "Open")
    problem = viewer.get(walk.page(HostApp, "change", cast.host_app().pk)).content.decode()
    assert ("It has no DATABASE_URL." in problem) == (badge == "Not ready")


def test_the_list_says_of_the_portals_own_app_what_each_addon_does(
    viewer: Client, settings: Settings
) -> None:
    settings.HEROKU_APP_NAME = cast.host_app().name
    page = viewer.get(walk.page(HostApp, "changelist")).content.decode()
    assert ">Each new add-on restarts the portal<" in page


def test_the_list_costs_the_same_for_any_number_of_host_apps(viewer: Client) -> None:
    counts = []
    viewer.get(walk.page(HostApp, "changelist"))  # the first request of a session writes its row
    for start in (10, 20):
        HostApp.objects.bulk_create(HostApp(name=f"isv-{start + n}") for n in range(10))
        with CaptureQueriesContext(database) as queries:
            viewer.get(walk.page(HostApp, "changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("max_addons", "said", "not_said"),
    [(1, "No room", "days at"), (5, "Nearly full", "No room"), (400, "days at", "Nearly full")],
)
def test_the_dashboard_tells_full_from_nearly_full(
    viewer: Client, max_addons: int, said: str, not_said: str
) -> None:
    HostApp.objects.update(max_addons=max_addons)
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    AddonDay.objects.create(day=timezone.now().date(), ordered=7)
    page = viewer.get("/admin/").content.decode()
    assert (said in page, not_said in page) == (True, False)
