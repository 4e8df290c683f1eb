"""The emulator's time.

There are two readings. `seconds` measures the work of the emulated systems, and runs `speed` times
as fast as real time. `now()` dates documents and measures how long links, tokens and idleness last.
It runs in real time, so that a portal never sees dates from the future and a person has enough time
to log in. POST /control/clock moves both.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock whose durations run `speed` times real time; 0 stops it until it is advanced."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.resume(0.0, 0.0)

    def resume(self, seconds: float, advanced: float) -> None:
        """Go on from stored readings: no time passed while no emulator ran."""
        # A correction of the machine's time must not run steps early or late.
        self._started = time.monotonic()
        self._base = seconds
        self.advanced = advanced

    @property
    def seconds(self) -> float:
        """Emulated seconds since the emulator's first start."""
        return self._base + (time.monotonic() - self._started) * self.speed

    def now(self) -> datetime:
        """The date and time for documents, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.advanced)

    @property
    def stamp(self) -> float:
        """now() as unix seconds."""
        return self.now().timestamp()

    def ago(self, seconds: float) -> datetime:
        """The date and time `seconds` emulated seconds before now."""
        # A stopped clock moves by advance() only, which moves both readings alike.
        return self.now() - timedelta(seconds=seconds / (self.speed or 1))

    def set_back(self, seconds: float) -> None:
        """Date documents `seconds` earlier; what is measured goes on."""
        self.advanced -= seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self._base += seconds
        self.advanced += seconds
