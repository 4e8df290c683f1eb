"""Where a stack lives: its folder, its ports and their addresses."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.failure import Failed

ROOT = Path(__file__).resolve().parent.parent


APP = "multiconnect-demo"
HOST_APP = f"{APP}-connect"  # owns the add-ons


STAFF = "admin"


@dataclass(frozen=True)
class Plan:
    """Where a stack lives. `durable` keeps its data for the next start; ports are on 127.0.0.1.

    `dynos` is how many web and how many worker processes there are; `settings` replace the demo's.
    """

    state: Path
    portal_port: int
    emulator_port: int
    durable: bool
    speed: float = 1
    patience: float = 60.0  # seconds for anything that the portal or the emulator does by itself
    dynos: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def mail(self) -> Path:
        return self.state / "mail"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def require_free(port: int, variable: str) -> None:
    """Raise Failed if somebody listens on the port."""
    with socket.socket() as probe:
        # Without it, the port of a demo that has just ended counts as taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Failed(
                f"Port {port} is taken. Choose another one: {variable}={port + 1000} make demo"
            ) from None
