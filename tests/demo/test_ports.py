"""The demo finds ports that are free and that browsers open."""

import socket
from collections.abc import Iterator

import pytest

from demo import ports
from demo.failure import Failed
from demo.ports import choose_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on, as AirPlay does on a Mac: on all addresses."""
    with socket.create_server(("", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_replaced_by_the_next_free_one_and_it_is_said(taken: int) -> None:
    said: list[str] = []
    port = choose_port("DEMO_PORT", taken, said.append)
    assert port > taken
    assert ports.is_free(port)
    assert said == [f"Port {taken} is taken, so it is {port} (DEMO_PORT chooses another one)."]


def test_a_port_that_browsers_refuse_is_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _: True)
    assert choose_port("DEMO_PORT", 5060, lambda _: None) == 5062
    assert choose_port("DEMO_PORT", 6665, lambda _: None, but=[6670]) == 6671


def test_the_usual_port_is_taken_without_a_word() -> None:
    said: list[str] = []
    port = ports.free_port()
    assert choose_port("DEMO_PORT", port, said.append) == port
    assert not said


def test_a_port_that_somebody_chose_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    for given, problem in (
        (str(taken), f"^Port {taken} is taken. Choose another one: DEMO_PORT=\\d+ make demo$"),
        ("6000", "^Port 6000 is refused by browsers. Choose another one: DEMO_PORT=600[1-9]"),
        ("80", "^DEMO_PORT must be a port from 1024 to 65535.$"),
        ("many", "^DEMO_PORT must be a port from 1024 to 65535.$"),
    ):
        monkeypatch.setenv("DEMO_PORT", given)
        with pytest.raises(Failed, match=problem):
            choose_port("DEMO_PORT", 5000, lambda _: None)


def test_two_programs_cannot_be_given_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    monkeypatch.setenv("DEMO_EMULATOR_PORT", str(port))
    with pytest.raises(Failed, match=f"^Port {port} is taken"):
        choose_port("DEMO_EMULATOR_PORT", 5050, lambda _: None, but=[port])
