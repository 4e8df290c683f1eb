"""Where a stack lives: its folder, its ports and their addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
    tour_port: int = 0  # 0: there is no tour
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def tour_url(self) -> str:
        return f"http://127.0.0.1:{self.tour_port}" if self.tour_port else ""

    @property
    def mail(self) -> Path:
        return self.state / "mail"
