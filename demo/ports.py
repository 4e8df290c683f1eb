"""Ports of this machine that nobody uses and that browsers accept."""

import os
import socket
from collections.abc import Callable, Collection

from demo.failure import Failed

FIRST, LAST = 1024, 65535
# Browsers refuse to open them: https://fetch.spec.whatwg.org/#port-blocking, those from FIRST on.
REFUSED = frozenset(
    (
        *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566),
        *(6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)
_ANSWER_SECONDS = 0.2


def choose_port(
    variable: str, usual: int, say: Callable[[str], None], but: Collection[int] = ()
) -> int:
    """Return the port of an environment variable, else the usual one or the next free one.

    `but` are ports that are spoken for. Raises Failed if the variable names one of those, one that
    is taken, or one that browsers refuse.
    """
    given = os.environ.get(variable)
    if given:
        return _checked(variable, given, but)
    port = _next_free(usual, but)
    if port != usual:
        say(f"Port {usual} is taken, so it is {port} ({variable} chooses another one).")
    return port


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, from the range of the system."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _checked(variable: str, given: str, but: Collection[int]) -> int:
    port = int(given) if given.isdecimal() else 0
    if not FIRST <= port <= LAST:
        raise Failed(f"{variable} must be a port from {FIRST} to {LAST}.")
    if port in but or not is_free(port):
        problem = "taken"
    else:
        problem = "refused by browsers" if port in REFUSED else ""
    if problem:
        other = _next_free(port + 1, but)
        raise Failed(f"Port {port} is {problem}. Choose another one: {variable}={other} make demo")
    return port


def _next_free(port: int, but: Collection[int]) -> int:
    while port in REFUSED or port in but or not is_free(port):
        port += 1
        if port > LAST:
            raise Failed("No port is free.")
    return port


def is_free(port: int) -> bool:
    """Return whether nobody listens on the port."""
    with socket.socket() as probe:
        # Without it, the port of a demo that has just ended counts as taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    # A Mac lets us bind 127.0.0.1 although AirPlay listens on all addresses of port 5000.
    return not any(_answers(host, port) for host in ("127.0.0.1", "::1"))


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _ANSWER_SECONDS).close()
    except OSError:
        return False
    return True
