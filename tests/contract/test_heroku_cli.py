"""The official command line of Heroku, from npm."""

from collections.abc import Callable
from pathlib import Path

import pytest

import emulator
from tests.contract.commands import TOKEN, Client, installed, version_of
from tests.contract.conftest import APP

pytestmark = pytest.mark.contract
HOST = "acme-host"


@pytest.fixture
def heroku(
    running: emulator.Running, reported: Callable[[Client], Client], tmp_path: Path
) -> Client:
    """The command line, with the emulator in the place of Heroku."""
    environment = {
        "HOME": str(tmp_path),
        "HEROKU_API_KEY": TOKEN,
        "HEROKU_HOST": running.url,
        "HEROKU_PARTICLEBOARD_URL": running.url,
        "DISABLE_TELEMETRY": "true",
        "CI": "true",
        "NO_COLOR": "1",
    }
    program = [installed("heroku", "node_modules/.bin/heroku")]
    name = f"heroku {version_of('heroku', 'heroku')} (npm)"
    return reported(Client(name, program, environment))


def test_it_shows_who_and_what_there_is(heroku: Client) -> None:
    assert "connect@isv.example" in heroku.run("whoami")
    assert APP in heroku.run("apps")
    assert "heroku-24" in heroku.run("apps:info", "--app", APP)
    assert "owner" in heroku.run("access", "--app", APP)
    assert "run.1" in heroku.run("ps", "--app", APP)
    assert "herokuconnect" in heroku.run("addons:services")
    assert "herokuconnect:enterprise" in heroku.run("addons:plans", "herokuconnect")
    made = heroku.run("apps:create", HOST, "--no-remote")
    assert f"https://{HOST}.herokuapp.com/" in made
    heroku.run("apps:destroy", "--app", HOST, "--confirm", HOST)
    assert HOST not in heroku.run("apps")


def test_it_makes_waits_for_changes_and_destroys_an_addon(
    heroku: Client, running: emulator.Running
) -> None:
    running.behave(provisioning_seconds=3, plan_cents=["enterprise=50000"])
    order = ("addons:create", "herokuconnect:demo", "--app", APP, "--name", "hc-acme")
    assert "is being created in the background" in heroku.run(*order, "--as", "HC_ACME")
    heroku.run("addons:wait", "hc-acme")
    shown = heroku.run("addons:info", "hc-acme")
    assert f"{APP}::HC_ACME" in shown
    assert "free" in shown
    listed = heroku.run("addons", "--app", APP)
    assert "hc-acme" in listed
    assert "as DATABASE" in listed
    assert "hc-acme" in heroku.run("addons", "--all")
    assert "heroku-postgresql:standard-0" in heroku.run("addons:info", "DATABASE", "--app", APP)
    assert "$500" in heroku.run("addons:upgrade", "hc-acme", "herokuconnect:enterprise")
    heroku.run("addons:rename", "hc-acme", "hc-renamed")
    assert "$500" in heroku.run("addons:info", "hc-renamed")
    heroku.run("addons:destroy", "hc-renamed", "--app", APP, "--confirm", APP)
    assert "Couldn't find that add-on" in heroku.run("addons:info", "hc-renamed", code=2)


def test_it_confirms_a_creation_by_the_name_of_the_app(
    heroku: Client, running: emulator.Running
) -> None:
    running.behave(confirmation_required=True)
    order = ("addons:create", "herokuconnect:demo", "--app", APP, "--wait")
    assert "HEROKUCONNECT_URL" in heroku.run(*order, "--confirm", APP)
    name = running.addons()[0]["name"]
    heroku.run("addons:destroy", name, "--app", APP, "--confirm", APP)


def test_it_attaches_and_detaches_an_addon(heroku: Client, running: emulator.Running) -> None:
    running.control("POST", "apps", {"name": HOST})
    order = ("addons:create", "herokuconnect:demo", "--app", APP, "--name", "hc-acme")
    heroku.run(*order)
    assert "v1" in heroku.run("addons:attach", "hc-acme", "--app", HOST, "--as", "SHARED")
    assert "as SHARED" in heroku.run("addons", "--app", HOST)
    assert "v2" in heroku.run("addons:detach", "SHARED", "--app", HOST)
    refused = heroku.run("addons:detach", "HEROKUCONNECT", "--app", APP, code=2)
    assert "Cannot destroy last attachment" in refused


def test_it_sets_and_reads_config_vars(heroku: Client) -> None:
    assert "v1" in heroku.run("config:set", "A=1", "--app", APP)
    assert heroku.run("config:get", "A", "--app", APP).startswith("1\n")
    assert "DATABASE_URL" in heroku.run("config", "--app", APP)
    heroku.run("config:unset", "A", "--app", APP)
    assert "Current: v2" in heroku.run("releases", "--app", APP)
