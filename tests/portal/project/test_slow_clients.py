"""Slow clients against the real gunicorn: they wait for themselves, and nobody waits for them."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.db import connection

from demo.ports import free_port

# The portal that gunicorn serves commits what it stores.
pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 3  # the deadline of these tests
DRIPS = 20
HEAD = b"POST /organizations HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n"


@contextmanager
def _gunicorn(*more: str) -> Iterator[int]:
    port = free_port()
    name = connection.settings_dict["NAME"]
    url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    command = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, *command, "--timeout", str(SECONDS), *more],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        start_new_session=True,
    )
    try:
        _await(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if _get(port, "/healthz").startswith(b"HTTP/1.1 200"):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not start")


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    with _gunicorn() as port:
        yield port


def _open(port: int, first: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(first)
    return client


def _all(client: socket.socket) -> bytes:
    found = b""
    while data := client.recv(65536):
        found += data
    return found


def _get(port: int, path: str) -> bytes:
    with _open(port, f"GET {path} HTTP/1.1\r\nHost: testserver\r\n\r\n".encode()) as client:
        return _all(client)


def _ended(clients: list[socket.socket]) -> list[socket.socket]:
    """Return those that have an answer, or were hung up on."""
    return select.select(clients, [], [], 0)[0]


def _starts() -> list[bytes]:
    """Return what slow clients send first: nothing, a part of a head, a part of a body."""
    body = HEAD + b"Content-Length: 1000\r\n\r\n{"
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"
    return [(b"", HEAD, body, chunked)[number % 4] for number in range(DRIPS)]


def test_clients_that_drip_hold_up_nobody_and_are_refused_in_the_end(port: int) -> None:
    with ExitStack() as stack:
        drips = [stack.enter_context(_open(port, first)) for first in _starts()]
        began = time.monotonic()
        assert _get(port, "/healthz").startswith(b"HTTP/1.1 200")
        assert _ended(drips) == []  # so it has waited for none of them
        while time.monotonic() < began + SECONDS * 0.7:
            for each in drips[1:]:
                each.sendall(b" ")
            assert _get(port, "/healthz").startswith(b"HTTP/1.1 200")
            time.sleep(0.05)  # a drip is slow: no body is complete in the end
        ends = [_all(each) for each in drips]
    assert ends[0] == b""  # the first one has sent nothing at all
    assert all(each.startswith(b"HTTP/1.1 408") for each in ends[1:])


def test_clients_that_do_not_hang_up_hold_up_nobody(port: int) -> None:
    question = b"GET /healthz HTTP/1.1\r\nHost: testserver\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(DRIPS):
            stack.enter_context(_open(port, question))
        asked = time.monotonic()
        assert _get(port, "/healthz").startswith(b"HTTP/1.1 200")
        assert time.monotonic() - asked < SECONDS  # so long it would wait for one of them


def test_a_body_that_arrives_in_pieces_in_time_is_read(port: int) -> None:
    with _open(port, HEAD + b"Content-Length: 2\r\n\r\n{") as client:
        time.sleep(0.5)
        client.sendall(b"}")
        assert _all(client).startswith(b"HTTP/1.1 422")


def test_a_body_in_chunks_is_answered_when_its_last_chunk_is_there(port: int) -> None:
    with _open(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n") as client:
        time.sleep(0.2)
        client.sendall(b"1\r\n}\r\n0\r\n\r\n")
        # Django reads no body without a length, and says so.
        assert _all(client).startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_to_go_on_gets_an_answer(port: int) -> None:
    with _open(port, HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n") as client:
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"{}")
        assert b"HTTP/1.1 422" in _all(client)


def test_a_body_that_no_page_takes_is_refused_before_it_is_sent(port: int) -> None:
    with _open(port, HEAD + b"Content-Length: 99999999\r\n\r\n") as client:
        assert _all(client).startswith(b"HTTP/1.1 413")
