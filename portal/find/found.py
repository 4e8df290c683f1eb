"""What was typed, and what is shown of a thing that was found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

MIN_LENGTH = 2  # characters: a single letter begins the words of a third of all tenants
MAX_LENGTH = 200  # characters of a search
MAX_RESULTS = 6  # results of a kind
# "12", "#12", "v12" or "incident 12"
_NUMBERED = re.compile(r"(?:(?:[a-z]+|roll-out|bulk run) )?(?:#|v)?(\d{1,9})", re.IGNORECASE)
_ID = re.compile(r"\S{8,}")


@dataclass(frozen=True)
class Typed:
    """The text of a search, on one line."""

    text: str

    @classmethod
    def of(cls, raw: str) -> "Typed":
        return cls(" ".join(raw.split())[:MAX_LENGTH])

    @property
    def is_enough(self) -> bool:
        return len(self.text) >= MIN_LENGTH or self.number is not None

    @cached_property
    def number(self) -> int | None:
        """The number of an incident, roll-out, run or version."""
        found = _NUMBERED.fullmatch(self.text)
        return int(found.group(1)) if found else None

    @property
    def is_id(self) -> bool:
        """Whether it may be the id of a request or of an e-mail."""
        return _ID.fullmatch(self.text) is not None


@dataclass(frozen=True)
class Found:
    """One result: a link with a note, and with its state as a badge where it has one."""

    title: str
    url: str
    note: str = ""
    state: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Kind:
    """The results of one kind. `more` lists all of them where some are left out."""

    slug: str
    label: str
    results: Sequence[Found] = field(default_factory=list)
    more: str = ""
