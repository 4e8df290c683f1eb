"""How busy the machine was while a figure was measured."""

import time
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")  # of Linux
MIN_SECONDS = 1.0  # a figure that came sooner was measured with the one before it


class Watch:
    """Says how much of the time a process has waited for a core."""

    def __init__(self) -> None:
        self._at, self._waited, self._share = time.monotonic(), waited(), 0.0

    def share(self) -> float:
        """Return the share of the time since the last call; 0 where the machine does not say."""
        now, until_now = time.monotonic(), waited()
        if now - self._at >= MIN_SECONDS:
            self._share = (until_now - self._waited) / (now - self._at)
            self._at, self._waited = now, until_now
        return self._share


def waited() -> float:
    """Return the seconds since the start of the machine in which a process waited for a core."""
    if not PRESSURE.exists():
        return 0.0
    [some] = (line for line in PRESSURE.read_text().splitlines() if line.startswith("some "))
    return int(some.rpartition("total=")[2]) / 1_000_000
