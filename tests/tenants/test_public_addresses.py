"""A call that is for public addresses only reaches no private one, also by a name."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from urllib3.util import connection

from tenants.http import public
from tenants.http.deadline import ending_within
from tenants.http.errors import Permanent, Retryable
from tenants.http.limits import Limits
from tenants.http.peer import Peer
from tests.connect.clients.rawpeer import RawPeer, says, serving

PRIVATE = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254"),  # noqa: S104
    *("172.16.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "2002:7f00:1::"),
    *("fec0::1", "64:ff9b:1::1", "::7f00:1", "::ffff:0:7f00:1", "100::1", "4000::1"),
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "64:ff9b::8.8.8.8"]
QUICK = Limits(connect=1, read=1, total=2, retries=0)


@pytest.fixture
def raw() -> Iterator[RawPeer]:
    with serving() as peer:
        peer.plays(says("{}"))
        yield peer


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let each look-up of a name but an address give the next answer; return what was asked."""
    asked: list[str] = []
    real, left = socket.getaddrinfo, list(answers)

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host[0].isdigit() or ":" in host:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def call(url: str) -> Any:
    return Peer("Webhook", url, limits=QUICK, public_only=True).call("POST", "", content=b"{}")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_no_public_network_is_known(address: str) -> None:
    assert not public.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_known(address: str) -> None:
    assert public.is_public(address)


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]])
def test_a_name_that_leads_to_a_private_address_is_not_called(
    monkeypatch: pytest.MonkeyPatch, raw: RawPeer, answer: list[str]
) -> None:
    resolve_to(monkeypatch, answer)
    with pytest.raises(Permanent, match="not public"):
        call(f"http://events.isv.example:{raw.server_address[1]}")
    assert raw.requests == []


def test_a_name_is_looked_up_once_so_it_cannot_change_in_between(
    monkeypatch: pytest.MonkeyPatch, raw: RawPeer
) -> None:
    # A public address when it is judged, a private one when a second look-up would connect.
    asked = resolve_to(monkeypatch, ["192.0.2.1"], ["127.0.0.1"])
    monkeypatch.setattr(public, "is_public", lambda address: address == "192.0.2.1")
    with pytest.raises(Retryable):
        call(f"http://events.isv.example:{raw.server_address[1]}")
    assert asked == ["events.isv.example"]
    assert raw.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1"])
def test_the_address_of_this_machine_is_not_called(raw: RawPeer, address: str) -> None:
    with pytest.raises((Permanent, Retryable)):
        call(f"http://{address}:{raw.server_address[1]}")
    assert raw.requests == []


def test_the_settings_allow_a_private_receiver(raw: RawPeer, settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = [raw.url.removeprefix("http://")]
    assert call(raw.url).status == 200
    assert raw.requests[0].endswith(b"\r\n\r\n{}")


def test_the_second_address_is_tried_and_the_host_keeps_its_name(
    monkeypatch: pytest.MonkeyPatch, raw: RawPeer, settings: Settings
) -> None:
    port = raw.server_address[1]
    settings.WEBHOOK_PRIVATE_HOSTS = [f"events.isv.example:{port}"]
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])  # nobody listens at the first
    assert call(f"http://events.isv.example:{port}").status == 200
    assert f"Host: events.isv.example:{port}".encode() in raw.requests[0]


def test_the_next_address_is_tried_after_a_silent_one_until_the_deadline(
    monkeypatch: pytest.MonkeyPatch, raw: RawPeer, settings: Settings
) -> None:
    port = raw.server_address[1]
    settings.WEBHOOK_PRIVATE_HOSTS = [f"events.isv.example:{port}"]
    asked: list[str] = []

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        asked.append(address[0])
        if address[0] == "127.0.0.1":
            return socket.create_connection(address)
        time.sleep(seconds)
        raise TimeoutError

    monkeypatch.setattr(connection, "create_connection", connect)
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    seconds = 0.0
    assert call(f"http://events.isv.example:{port}").status == 200
    seconds = 0.2
    asked.clear()
    with ending_within(0.1), pytest.raises(Retryable, match="no connection"):
        call(f"http://events.isv.example:{port}")
    assert asked == ["127.0.0.2"]


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [("Intern.Corp:443", "intern.corp", 443), ("[fd00::1]:8443", "fd00::1", 8443)],
)
def test_a_private_host_may_be_written_in_capitals_and_in_brackets(
    settings: Settings, entry: str, host: str, port: int
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = [entry]
    assert public.is_excepted(host, port)
    assert not public.is_excepted(host, 80)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, raw: RawPeer) -> None:
    monkeypatch.setenv("http_proxy", raw.url)
    resolve_to(monkeypatch, ["10.0.0.1"])
    with pytest.raises(Permanent):
        call("http://events.isv.example")
    assert raw.requests == []


def test_a_name_without_an_address_may_have_one_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Retryable, match="no connection"):
        call("http://events.isv.example")
