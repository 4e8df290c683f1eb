"""Reading the documents: their tables, links and inline code."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.documents import blocks

ROOT = Path(__file__).resolve().parents[1]

_HEADING = re.compile(r"#+ (?P<text>.+)")
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
# "`a/file.py`: what it is for." and then its text, or an empty one.
_FILE = re.compile(
    r"^`(?P<path>[\w./]+)`:[^`]*?(?:`[^`]+`[^`]*?)*\n```\w+\n(?P<text>.*?)^```$", re.M | re.S
)
_COMMANDS = re.compile(r"^```sh\n(?P<lines>.*?)^```$", re.M | re.S)
_CODE = re.compile(r"(?<!`)`(?P<text>(?:[^`\n]|\n(?!\s*\n))+)`(?!`)")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_RULE = re.compile(r":?-+:?")


@dataclass(frozen=True)
class Table:
    """One table of a document, and the heading that it stands under."""

    heading: str
    header: list[str]
    rows: list[list[str]]

    def column(self, number: int = 0) -> list[str]:
        """Return the cells of a column, without backquotes and bold."""
        return [row[number].strip("`*") for row in self.rows]


def documents() -> list[Path]:
    """Return every document of the repository."""
    return blocks.documents(ROOT)


def tables(path: Path) -> list[Table]:
    """Read a document's tables. As on GitHub, a table goes on until a blank line."""
    found: list[Table] = []
    heading, lines = "", [*_without_fences(path.read_text()).splitlines(), ""]
    for number, line in enumerate(lines):
        if match := _HEADING.fullmatch(line):
            heading = match["text"]
        elif _is_rule(line) and number:
            end = next(n for n in range(number, len(lines)) if not lines[n].strip())
            rows = [_cells(each) for each in lines[number + 1 : end]]
            found.append(Table(heading, _cells(lines[number - 1]), rows))
    return found


def table(name: str, heading: str) -> Table:
    """Return the first table under a heading of the document `name`."""
    return next(each for each in tables(ROOT / name) if each.heading == heading)


def files(path: Path) -> dict[str, str]:
    """Return each file that a document gives in full: its path and its text."""
    return {found["path"]: found["text"] for found in _FILE.finditer(path.read_text())}


def commands(path: Path) -> list[str]:
    """Return the lines of a document's blocks of commands."""
    blocks_of_lines = _COMMANDS.finditer(path.read_text())
    return [line for found in blocks_of_lines for line in found["lines"].splitlines()]


def fences(path: Path) -> list[str]:
    """Return every block of code of a document, with its fences."""
    return _FENCE.findall(path.read_text())


def inline_code(path: Path) -> list[str]:
    """Return every inline code of a document, on one line."""
    found = (each["text"] for each in _CODE.finditer(_without_fences(path.read_text())))
    return [" ".join(each.split()) for each in found]


def links(path: Path) -> list[str]:
    """Return the target of every link of a document."""
    return [found["target"] for found in _LINK.finditer(_without_fences(path.read_text()))]


def headings(path: Path) -> set[str]:
    """Return the anchors that GitHub makes for a document's headings."""
    found = (_HEADING.fullmatch(line) for line in path.read_text().splitlines())
    return {_anchor(match["text"]) for match in found if match}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _without_fences(text: str) -> str:
    return _FENCE.sub("", text)


def _is_rule(line: str) -> bool:
    cells = _cells(line) if line.startswith("|") else []
    return bool(cells) and all(_RULE.fullmatch(cell) for cell in cells)


def _cells(line: str) -> list[str]:
    """Split a row at its bars, but not at one in inline code or behind a backslash."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in re.findall(r"(?:`[^`]*`|\\.|[^|])+|(?<=\|)(?=\|)", inner)]
