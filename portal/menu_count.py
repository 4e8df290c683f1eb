"""A number beside an entry of the menu."""

from dataclasses import dataclass

MAX_COUNTED = 1000  # rows that are counted: a menu need not be exact above that


@dataclass(frozen=True)
class Count:
    """A number, and what is said of it. `part`: an open page renews it by this name (live.js)."""

    number: int
    word: str
    tone: str
    part: str = ""

    @property
    def shown(self) -> str:
        return f"{MAX_COUNTED - 1}+" if self.number >= MAX_COUNTED else str(self.number)
