"""Faults on demand: how the next calls to a system fail."""

import random
import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

DROPS = (None, "before", "after")
HTML_BODY = (
    "<!DOCTYPE html><html><head><title>Application Error</title></head>"
    "<body><h1>Application error</h1><p>An error occurred in the application.</p></body></html>"
)


@dataclass
class Fault:
    """One fault; those with the same `name` are removed together.

    `delay` is in real seconds; `times` None means until it is removed.

    With `status`, `body` or `html` the call is answered without its work. `drop` cuts the
    connection before or after the work. `empty` does the work and leaves the body out. `delay`
    alone only slows the call down. `met` counts the calls that had this fault.
    """

    id: int
    system: str
    method: str | None = None
    path: str | None = None
    name: str = ""
    status: int | None = None
    body: Any = None
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drop: str | None = None
    empty: bool = False
    html: bool = False
    times: int | None = None
    share: float = 1
    met: int = 0

    @property
    def answers(self) -> bool:
        """Whether the fault answers instead of the system."""
        return self.status is not None or self.html or self.body is not None


class Faults:
    """The active faults; each call asks once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._serial = 0
        self.systems: frozenset[str] = frozenset()

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Activate a fault; raises ValueError when it makes no sense."""
        with self._lock:
            self._serial += 1
            try:
                fault = Fault(id=self._serial, **wanted)
                re.compile(fault.path or "")
            except (TypeError, re.error) as error:
                raise ValueError(f"not a fault: {error}") from None
            if fault.system not in self.systems:
                raise ValueError(f"system is one of {', '.join(sorted(self.systems))}")
            if fault.drop not in DROPS:
                raise ValueError('drop is "before" or "after"')
            if not 0 <= fault.share <= 1:
                raise ValueError("share is between 0 and 1")
            self._faults.append(fault)
            return fault

    def list(self) -> list[dict[str, Any]]:
        """Describe the active faults."""
        with self._lock:
            return [asdict(each) for each in self._faults]

    def remove(self, name: str) -> None:
        """Remove the faults of a name."""
        with self._lock:
            self._faults = [each for each in self._faults if each.name != name]

    def clear(self) -> None:
        """Remove every fault."""
        with self._lock:
            self._faults.clear()

    def meet(self, system: str, method: str, path: str) -> Fault | None:
        """Return the fault for this call and count it; the oldest one that fits wins."""
        with self._lock:
            for fault in self._faults:
                if _matches(fault, system, method, path):
                    fault.met += 1
                    if fault.times is not None and fault.met >= fault.times:
                        self._faults.remove(fault)
                    return fault
        return None


def _matches(fault: Fault, system: str, method: str, path: str) -> bool:
    if fault.system != system:
        return False
    if fault.method and fault.method.upper() != method:
        return False
    if fault.path and not re.search(fault.path, path):
        return False
    # Random calls, not secrets, so the simple generator is enough.
    return fault.share >= 1 or random.random() < fault.share  # noqa: S311
