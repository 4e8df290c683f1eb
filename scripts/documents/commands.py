"""The Makefile's targets with their lines of help."""

import re
from pathlib import Path

from scripts.documents.blocks import table

_TARGET = re.compile(r"^(?P<name>[a-z]+):.*## (?P<help>.+)$", re.MULTILINE)


def targets(_: str) -> str:
    """Return a table: each command and what it does."""
    found = _TARGET.finditer(Path("Makefile").read_text())
    return table(
        ("command", "what it does"), [(f"`make {each['name']}`", each["help"]) for each in found]
    )
