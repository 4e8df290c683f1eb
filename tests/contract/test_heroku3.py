"""heroku3, a library for Python, from PyPI."""

from collections.abc import Callable

import pytest

import emulator
from tests.contract.commands import CLIENTS, TOKEN, Client, installed
from tests.contract.conftest import APP

pytestmark = pytest.mark.contract
POSTGRES = "heroku-postgresql:standard-0"


def test_it_makes_lists_changes_and_deletes_an_addon(
    running: emulator.Running, reported: Callable[[Client], Client]
) -> None:
    environment = {"TOKEN": TOKEN, "HEROKU": f"{running.url}/heroku", "APP": APP}
    program = [installed("heroku3", "bin/python")]
    client = reported(Client("heroku3 5.2.1 (PyPI)", program, environment))
    found = client.steps(str(CLIENTS / "heroku3" / "steps.py"))
    assert found["from_key"] is True
    assert found["account"] == "connect@isv.example"
    assert found["apps"] == [APP]
    assert found["create_app"] == "acme-host"
    assert found["install_addon"] == "herokuconnect:demo"
    assert sorted(found["addons"]) == [POSTGRES, "herokuconnect:demo"]
    assert found["addon.upgrade"] == "herokuconnect:enterprise"
    assert found["config"] == "1"
    assert found["releases, newest first"] == [2, 1]
    assert found["collaborators"] == ["connect@isv.example"]
    assert found["dynos"] == ["run.1", "run.2"]
    assert found["addon.delete"] is True
    assert found["addons of nothing"] == [POSTGRES]
