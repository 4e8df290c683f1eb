"""Fixtures that every test may use: a database, the emulator, and the fixed cast of tenants."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.conf import settings as portal_settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from psycopg import sql
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

import emulator as emulated
from bench import append_only
from connect import host_apps
from connect.models import HostApp
from portal.dashboard import snapshot
from portal.dashboard.worklist import total
from tenants.http import limits
from tests import databases, floors, template

# What a use case needs in every test.
pytest_plugins = [
    f"tests.{name}.everywhere"
    for name in floors.USE_CASES
    if (portal_settings.BASE_DIR / "tests" / name / "everywhere.py").exists()
]

# A property must not fail because the machine is busy. `make thorough` tries more examples.
hypothesis_settings.register_profile("usual", deadline=None, max_examples=30)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis_settings.load_profile("usual")


@pytest.fixture(autouse=True)
def _worklist_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages find the menu's count kept: no other part of most pages costs more.

    A test of that number clears the cache.
    """
    monkeypatch.setattr(total, "KEPT_SECONDS", 3600)
    cache.clear()
    total.keep(0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let Django copy the run's migrated database instead of migrating one for each process."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template.name() or None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let tests with transactions of their own empty the audit trail when they have ended.

    Every test finds the first host app, as a portal that was set up has it.

    While any test runs, the database refuses it, as in production.
    """

    def empty_all(case: Any) -> None:
        try:
            with append_only.may_be_emptied():
                for alias in case._databases_names(include_mirrors=False):
                    databases.empty(connections[alias])
        finally:
            _ensure_host_app()

    with django_db_blocker.unblock():
        _ensure_host_app()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all)
        yield


@pytest.fixture(autouse=True)
def _retries_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a call that is tried again not wait for a peer that fails by intention."""
    monkeypatch.setattr("tenants.http.peer.LIMITS", replace(limits.LIMITS, backoff=0.01))


@pytest.fixture(autouse=True)
def dashboard_reads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the dashboard keep nothing, because tests change rows without the pages of staff."""
    monkeypatch.setattr(snapshot, "PERIOD", timedelta(0))


def _ensure_host_app() -> None:
    made = host_apps.ensure_first()
    if made:  # in the tests' database, also where a test has named another one
        HostApp.objects.filter(pk=made.pk).update(database="default")


def _url_of_database() -> str:
    url = urlsplit(str(portal_settings.DATABASE_URL))
    return url._replace(path=f"/{quote(str(connection.settings_dict['NAME']))}").geturl()


@pytest.fixture(scope="session")
def emulator_server(django_db_setup: None) -> Iterator[emulated.Running]:
    """The emulator, served from threads of the test run, on the database of the portal."""
    options = emulated.Options(
        database_url=_url_of_database(),
        app=portal_settings.APP_NAME,
        callback=f"{portal_settings.PORTAL_URL}/auth/salesforce/callback",
        client_id=portal_settings.SALESFORCE_KEY,
        client_secret=portal_settings.SALESFORCE_SECRET,
        behaviour=emulated.INSTANT,
    )
    with emulated.serve(options) as running:
        yield running


def _drop_left_schemas() -> None:
    """Drop what a fleet has left that committed: the emulator makes no schema a second time."""
    with psycopg.connect(_url_of_database(), autocommit=True) as conn:
        conn.execute("SET lock_timeout = '5s'")
        left = conn.execute(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sf\_00d7f%'")
        for (name,) in left.fetchall():
            conn.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


@pytest.fixture
def emulator(emulator_server: emulated.Running, settings: Settings) -> emulated.Running:
    """The emulator, emptied, in the place of every outside system.

    Tests change it by /control, for which it has methods.
    """
    emulator_server.reset()
    _drop_left_schemas()
    here = emulator_server.url
    settings.HEROKU_API_URL = f"{here}/heroku"
    settings.HEROKU_CONNECT_URL = f"{here}/central"
    settings.SALESFORCE_LOGIN_URL = f"{here}/salesforce/login.salesforce.com"
    settings.SALESFORCE_TEST_URL = f"{here}/salesforce/test.salesforce.com"
    settings.SALESFORCE_MY_DOMAIN_URL = f"{here}/salesforce/{{domain}}"
    settings.X_API_URL = f"{here}/x"
    return emulator_server
