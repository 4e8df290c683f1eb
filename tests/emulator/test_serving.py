"""The server: as time passes, in merged-writes mode, as a program, and at its end."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from werkzeug.test import Client

import emulator
from emulator.server.serving import serve_world
from tests.emulator.client import ACCOUNT, APP, HEROKU, WAIT, Emulated, run_as_application


@contextmanager
def fresh(options: emulator.Options) -> Iterator[Emulated]:
    """An emulator of a test's own, emptied before and after."""
    with serve_world(options) as running:
        running.world.reset()
        emulated = Emulated(running)
        yield emulated
        emulated.session.close()
        running.world.reset()


def test_a_tenant_becomes_synced_as_time_passes(emulated: Emulated) -> None:
    url = emulated.world.options.database_url
    with fresh(emulator.Options(database_url=url, app=APP, speed=500)) as quick:
        org = quick.org(records={"Account": [{"Name": "One"}]})
        quick.addon()
        until(lambda: quick.world.connections)
        detail = str(quick.post(f"/central/auth/{APP}").json()["connections"][0]["detail_url"])
        (connection,) = quick.world.connections.values()
        body = {"schema_name": "sf_quick_1", "db_key": "DATABASE_URL"}
        quick.call("PATCH", detail, json=body)
        until(lambda: connection.state == "NEED_AUTHENTICATION")
        quick.authorize(detail, org)
        quick.imported(detail, ACCOUNT)
        until(lambda: [m.state for m in quick.world.mappings_of(connection)] == ["DATA_SYNCED"])
        assert run_as_application(quick, "SELECT name FROM sf_quick_1.account") == [("One",)]


def until(happened: Callable[[], object]) -> None:
    """Wait for the engine's ticks, without a call that would make it work earlier."""
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_without_hstore_connect_merges_writes_and_says_so(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("emulator.state.world.has_hstore", lambda _conn: False)
    options = emulated.world.options
    with fresh(options) as merging:
        assert "merged-writes mode" in capsys.readouterr().err
        assert "Merged-writes mode" in merging.get("/control/").text
        url = merging.authorized(merging.org())
        merging.imported(url, ACCOUNT)
        assert merging.detail(url)["features"]["poll_db_no_merge"] is False
        assert merging.get("/control/connections").json()["connections"][0]["merged_writes"]
        run_as_application(merging, "INSERT INTO sf_acme_1.account (name) VALUES ('New')")
        merging.sync()
        assert merging.mapping(url, "Account")["counts"]["sf"] == 1
        functions = "SELECT 1 FROM pg_proc WHERE proname LIKE 'hc_capture%%'"
        assert run_as_application(merging, functions) == []


def test_the_end_of_an_emulator_ends_kept_alive_connections(emulated: Emulated) -> None:
    with serve_world(emulated.world.options) as running:
        again = Emulated(running)
        assert again.get("/control/clock").ok
    with pytest.raises(requests.ConnectionError):
        again.get("/control/clock")
    again.session.close()


def test_it_runs_as_a_program_and_stops_at_a_signal(emulated: Emulated) -> None:
    command = [
        *(sys.executable, "-m", "emulator", "--port", "0", "--speed", "60", "--app", APP),
        *("--database-url", emulated.world.options.database_url),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        url = line.removeprefix("Emulator ready: ").strip()
        assert requests.get(url, timeout=WAIT).status_code == 200
        speed = requests.get(f"{url}clock", timeout=WAIT).json()["speed"]
        program.send_signal(signal.SIGTERM)
        assert program.wait(WAIT) == 0
    assert speed == 60


def test_a_connection_is_shown_without_asking_postgres(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    assert emulated.get(url).ok
    asked = []
    lend = emulated.world.databases.connection

    def connection(address: str) -> AbstractContextManager[psycopg.Connection[Any]]:
        asked.append(threading.current_thread())
        return lend(address)

    monkeypatch.setattr(emulated.world.databases, "connection", connection)
    # From this thread, because the engine's own may work at the same time.
    answer = Client(emulated.running.application).get(urlsplit(url).path, headers=HEROKU)
    assert answer.status_code == 200
    assert threading.current_thread() not in asked


def test_a_client_keeps_its_connection_whatever_it_asks(emulated: Emulated) -> None:
    address = urlsplit(emulated.running.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    sockets = []
    with closing(connection):
        # Nobody reads the bodies of the third and the fourth: they must not be taken for a request.
        for method, path, body, status in (
            ("GET", "/control/clock", None, 200),
            ("HEAD", "/control/clock", None, 200),
            ("PUT", "/nowhere", b"x" * 100_000, 404),
            ("DELETE", "/control/faults", b"GET / HTTP/1.1\r\n\r\n", 204),
            ("POST", "/control/behaviour", iter([b"{", b"}"]), 200),
        ):
            connection.request(method, path, body, encode_chunked=True)
            sockets.append(connection.sock)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status, path
    assert len(set(sockets)) == 1


HEAD = "POST /control/behaviour HTTP/1.1\r\n"
LEAVES = [
    f"{HEAD}Content-Length: 50\r\n\r\n{{",
    f"{HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\n{{",
]
UNCLEAR = ["Content-Length: +2", "Content-Length: -2", "Content-Length: x", "Transfer-Encoding: x"]


@pytest.mark.parametrize("sent", [*LEAVES, *(f"{HEAD}{each}\r\n\r\n{{}}" for each in UNCLEAR)])
def test_a_connection_ends_where_nobody_knows_what_its_next_request_is(
    emulated: Emulated, sent: str
) -> None:
    address = urlsplit(emulated.running.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=5) as client:
        client.sendall(sent.encode())
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(partial(client.recv, 1000), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert emulated.get("/control/clock").status_code == 200


def test_a_fault_may_give_its_answer_a_wrong_length(emulated: Emulated) -> None:
    fault = {"system": "heroku", "status": 200, "body": "abc", "headers": {"Content-Length": "99"}}
    emulated.control("faults", {**fault, "times": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        emulated.get("/heroku/account")
    assert emulated.get("/heroku/account").status_code == 200
