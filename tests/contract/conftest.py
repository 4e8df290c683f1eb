"""An emulator for other people's clients."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import emulator
from tests.contract.commands import Client
from tests.databases import scratch

APP = "acme-portal"


@pytest.fixture(scope="session")
def contract_server() -> Iterator[emulator.Running]:
    """An emulator at its own address, over a database of its own."""
    with scratch("multiconnect_contract") as url:
        options = emulator.Options(database_url=url, app=APP, behaviour=emulator.INSTANT)
        with emulator.serve(options) as running:
            yield running


@pytest.fixture
def running(contract_server: emulator.Running) -> emulator.Running:
    """That emulator, emptied."""
    contract_server.reset()
    return contract_server


@pytest.fixture
def reported(record_property: Callable[[str, Any], None]) -> Callable[[Client], Client]:
    """Put the commands of a client into the report."""

    def report(client: Client) -> Client:
        record_property("contract", client.lines)
        return client

    return report
