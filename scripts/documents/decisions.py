"""The list of architecture decision records."""

from pathlib import Path

from scripts.documents.blocks import table

FOLDER = Path("docs", "adr")


def index(_: str) -> str:
    """Return a table: the number of each decision, and its title with a link."""
    return table(("number", "decision"), [_row(path) for path in sorted(FOLDER.glob("*.md"))])


def _row(path: Path) -> tuple[str, str]:
    """Read the first line of a record, e.g. "# 9. One engine runs every step"."""
    number, _, title = path.read_text().splitlines()[0].removeprefix("# ").partition(". ")
    if int(number) != int(path.name[:4]):
        raise ValueError(f"{path} has another number in its title: {number}")
    return number, f"[{title}]({FOLDER.name}/{path.name})"
