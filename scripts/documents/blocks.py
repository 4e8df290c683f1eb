"""Blocks of Markdown between two markers, replaced by what the code says.

    <!-- from the code: rooms connect -->
    …
    <!-- end -->

The first word names a writer, the rest is its argument.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from django.conf import settings

Writer = Callable[[str], str]  # takes the marker's argument, returns Markdown

_BLOCK = re.compile(
    r"(?P<begin><!-- from the code: (?P<name>\w+) ?(?P<argument>[\w.]*) -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def documents(root: Path) -> list[Path]:
    """Return every document of the repository, those of use cases last."""
    own = [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]
    return own + [
        each for name in settings.USE_CASES for each in sorted((root / name).glob("*.md"))
    ]


def names(text: str) -> set[str]:
    """Return the names of the writers whose blocks are in `text`."""
    return {found["name"] for found in _BLOCK.finditer(text)}


def renew(text: str, writers: Mapping[str, Writer]) -> str:
    """Return `text` with every block as its writer writes it now. Raises KeyError."""

    def write(found: re.Match[str]) -> str:
        content = writers[found["name"]](found["argument"])
        return f"{found['begin']}\n{content}\n\n{found['end']}"

    return _BLOCK.sub(write, text)


def stale(files: list[Path], writers: Mapping[str, Writer]) -> Iterator[tuple[Path, str]]:
    """Return each file whose blocks differ from the code, with the text that it should have."""
    for path in files:
        text = path.read_text()
        wanted = renew(text, writers)
        if wanted != text:
            yield path, wanted


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
