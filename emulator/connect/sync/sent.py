"""The writes that the org has taken, until the trigger log says so too.

Both are stored, but not at once. After a kill in between, a write must not reach the org twice.
"""

from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field


def _no_flush() -> None:
    """Keep nothing: a push outside a running emulator."""


@dataclass
class Sent:
    """Salesforce ids of records by "schema/entry of the log". `flush` stores all that changed."""

    ids: MutableMapping[str, str] = field(default_factory=dict)
    put: Callable[[str, str | None], None] = lambda _key, _sfid: None
    flush: Callable[[], None] = _no_flush

    def keep(self, key: str, sfid: str) -> None:
        """Keep that the org has taken a write."""
        self.ids[key] = sfid
        self.put(key, sfid)

    def forget(self, keys: Iterable[str]) -> None:
        """Forget writes whose end is in the trigger log."""
        for key in keys:
            if self.ids.pop(key, None) is not None:
                self.put(key, None)
