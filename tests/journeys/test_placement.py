"""Tenants over host apps of two Heroku accounts and two databases, made by the portal's button."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import databases
from connect.health import common
from connect.host_apps import make
from connect.models import Connection, HostApp, Incident, IncidentStatus, Stage
from connect.operations.base import OperationOutcome
from connect.write_errors import scan
from tenants import orgid
from tenants.models import Proof
from tests.connect.journey import Journey
from tests.connect.refreshing import refresh_all
from tests.journeys import two_databases
from tests.journeys.two_databases import SECOND

OTHER = {"account": "second", "token": "HRKU-second"}
ONE = {"database": "default", "database_addon": "postgresql-one"}
TWO = {"database": SECOND, "database_addon": "postgresql-two"}
HOSTS = [ONE, TWO, {**TWO, **OTHER}]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", SECOND])


@pytest.fixture(scope="module")
def emulator_database(django_db_setup: None) -> Iterator[str]:
    """Django knows the second database before the tests ask for it."""
    with two_databases.databases() as address:
        yield address


@pytest.fixture
def running(emulator_database: str, db: None, settings: Settings) -> Iterator[emulated.Running]:
    """An emulator with two accounts and both databases."""
    with emulated.serve(two_databases.options(emulator_database)) as running:
        running.reset()
        settings.HEROKU_API_URL = f"{running.url}/heroku"
        settings.HEROKU_CONNECT_URL = f"{running.url}/central"
        settings.SALESFORCE_LOGIN_URL = f"{running.url}/salesforce/login.salesforce.com"
        settings.SALESFORCE_TEST_URL = f"{running.url}/salesforce/test.salesforce.com"
        settings.SALESFORCE_MY_DOMAIN_URL = f"{running.url}/salesforce/{{domain}}"
        account = {"email": "second@isv.example", "tokens": [OTHER["token"]], "teams": ["isv-team"]}
        running.control("POST", "accounts", account)
        yield running


def new_host(number: int, capacity: int, facts: dict[str, str]) -> HostApp:
    """Add a host app and press the button."""
    host = HostApp.objects.create(
        name=f"isv-connect-{number}",
        team="isv-team",
        config_var="TENANTS_DATABASE_URL",
        max_addons=capacity,
        **facts,
    )
    assert make.make(host.pk).outcome == OperationOutcome.DONE
    return host


def tenant(running: emulated.Running, number: int) -> Journey:
    who = {
        "org_id": orgid.normalize(f"00D7f{number:010d}"),
        "name": f"Tenant {number}",
        "admin_email": f"it@tenant-{number}.example",
        "environment": "production",
    }
    return Journey(running, who, Proof.SIGNED)


@pytest.mark.parametrize(
    ("capacity", "tenants"),
    [(3, 8), pytest.param(15, 40, marks=pytest.mark.thorough)],
)
def test_tenants_go_live_over_host_apps_of_two_accounts_and_two_databases(
    running: emulated.Running, capacity: int, tenants: int
) -> None:
    HostApp.objects.update(accepts=False)  # the portal's own app
    hosts = [new_host(number, capacity, facts) for number, facts in enumerate(HOSTS, 1)]
    journeys = [tenant(running, number) for number in range(tenants)]
    for each in journeys:
        each.reach(Stage.LIVE)
    held = Counter(Connection.objects.values_list("host_app__name", flat=True))
    assert sum(held.values()) == tenants
    assert max(held.values()) <= capacity
    assert len(held) == len(hosts)
    assert running.apps()["multiconnect-test"]["restarts"] == 0

    _assert_one_list_for_each(running, hosts)
    _assert_only_tenants_of_a_database_that_is_away_stop()
    _assert_the_next_waits_for_a_new_host_app(running, journeys, capacity)


def _assert_one_list_for_each(running: emulated.Running, hosts: list[HostApp]) -> None:
    refresh_all()
    running.clear_calls()
    assert refresh_all() == Connection.objects.count()
    assert len(running.calls()) == len(hosts)


def _assert_only_tenants_of_a_database_that_is_away_stop() -> None:
    of_second = Connection.objects.filter(host_app__database=SECOND).count()
    everybody = Connection.objects.count()
    assert scan.scan_all() == everybody
    with two_databases.second_is_away():
        assert scan.scan_all() == everybody - of_second
        for minutes in (0, 3):
            with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
                common.update()
        opened = Incident.objects.get()
        assert (opened.scope, opened.status) == (SECOND, IncidentStatus.OPEN)
        assert "does not answer" in opened.text
    assert scan.scan_all() == everybody
    for minutes in (4, 10):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            common.update()
    assert Incident.objects.get().status == IncidentStatus.CLOSED


def _assert_the_next_waits_for_a_new_host_app(
    running: emulated.Running, journeys: list[Journey], capacity: int
) -> None:
    room = 3 * capacity - len(journeys)
    more = [tenant(running, len(journeys) + number) for number in range(room + 1)]
    for each in more:
        each.advance()
    last = more[-1]
    assert last.connection.host_app is None
    assert last.connection.waiting_for.startswith("room for its add-on")
    fourth = new_host(4, capacity, {**ONE, **OTHER})
    last.reach(Stage.LIVE)
    assert last.connection.host_app == fourth
    assert running.apps()["multiconnect-test"]["restarts"] == 0


def test_a_schema_is_dropped_in_its_own_database_when_the_addon_is_gone(
    running: emulated.Running,
) -> None:
    HostApp.objects.update(accepts=False)
    new_host(1, 3, TWO)
    journey = tenant(running, 1)
    journey.reach(Stage.LIVE)
    schema = journey.connection.schema_name
    running.behave(deprovisioning_seconds=60)
    journey.offboard("drop")
    for _ in range(2):
        journey.advance()
        assert journey.connection.waiting_for == "Heroku to remove the add-on"
        assert _exists(schema)
    running.advance(60)
    with two_databases.second_is_away():
        journey.advance()
        assert "does not answer" in journey.connection.last_error
    assert _exists(schema)
    assert journey.advance().stage == Stage.OFFBOARDED
    assert not _exists(schema)


def _exists(schema: str) -> bool:
    with databases.cursor_of(SECOND) as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [schema])
        return bool(cursor.fetchone() == (1,))
