"""heroku-client, Heroku's own library for Node.js, from npm."""

import os
from collections.abc import Callable

import pytest

import emulator
from tests.contract.commands import CLIENTS, INSTALLED, TOKEN, Client, installed, version_of
from tests.contract.conftest import APP

pytestmark = pytest.mark.contract
NAME = "heroku-client"


def test_it_makes_lists_changes_and_deletes_an_addon(
    running: emulator.Running, reported: Callable[[Client], Client]
) -> None:
    installed(NAME, f"node_modules/{NAME}/package.json")
    environment = {"TOKEN": TOKEN, "HEROKU": running.url, "APP": APP}
    environment |= {"INSTALLED": f"{INSTALLED / NAME}{os.sep}"}
    client = reported(Client(f"{NAME} {version_of(NAME, NAME)} (npm)", ["node"], environment))
    found = client.steps(str(CLIENTS / NAME / "steps.mjs"))
    assert found["GET /account"] == "connect@isv.example"
    assert found["GET /apps"] == [APP]
    assert found["POST /apps/<app>/addons"] == "hc-acme"
    assert found["GET /apps/<app>/addons, in pages"] == [
        "hc-acme",
        "hc-second",
        "hc-third",
        "postgresql-emulated",
    ]
    assert found["PATCH /apps/<app>/addons/<name>"] == "herokuconnect:enterprise"
    assert found["PATCH /apps/<app>/config-vars"] == "1"
    assert found["DELETE /apps/<app>/addons/<name>"] == "deprovisioned"
    assert found["GET of what is gone"] == [404, "not_found"]
