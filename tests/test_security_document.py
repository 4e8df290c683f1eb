"""docs/security.md names tests that exist, and has a row for each ASVS item."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests import documents
from tests.documents import ROOT

DOCUMENT = ROOT / "docs/security.md"
PROOF = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
PROOFS = [
    match.groups() for each in documents.inline_code(DOCUMENT) if (match := PROOF.fullmatch(each))
]
# The last item of level 1 or 2 in each section of ASVS 5.0. Those of level 3 come after them, and
# V17 does not apply.
SECTIONS = """
1.1=2 1.2=9 1.3=11 1.4=3 1.5=2
2.1=3 2.2=3 2.3=4 2.4=1
3.2=2 3.3=4 3.4=6 3.5=5 3.7=2
4.1=3 4.2=1 4.3=2 4.4=4
5.1=1 5.2=3 5.3=2 5.4=3
6.1=3 6.2=12 6.3=4 6.4=4 6.5=5 6.6=3 6.8=4
7.1=3 7.2=4 7.3=2 7.4=5 7.5=2 7.6=2
8.1=2 8.2=3 8.3=1 8.4=1
9.1=3 9.2=4
10.1=2 10.2=2 10.3=4 10.4=11 10.5=5 10.6=2 10.7=3
11.1=2 11.2=3 11.3=3 11.4=4 11.5=1 11.6=1
12.1=3 12.2=2 12.3=4
13.1=1 13.2=5 13.3=2 13.4=5
14.1=2 14.2=4 14.3=3
15.1=3 15.2=3 15.3=7
16.1=1 16.2=5 16.3=4 16.4=3 16.5=3
"""
LAST = {name: int(last) for name, _, last in (each.partition("=") for each in SECTIONS.split())}


def functions(path: str) -> set[str]:
    """Return the names of the test functions in a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(PROOFS)))
def test_every_test_that_proves_something_exists(path: str, name: str) -> None:
    assert name in functions(path)


def rows() -> list[list[str]]:
    """Return the rows of the tables of items."""
    tables = documents.tables(DOCUMENT)
    return [row for each in tables if each.header[0] == "item" for row in each.rows]


def items(cell: str) -> Iterator[str]:
    """Yield the items of a first cell, e.g. "1.2.6 to 1.2.8", or "4.3" for a whole section."""
    for part in cell.split(", "):
        first, _, last = part.partition(" to ")
        section, number = first.rsplit(".", 1)
        if "." not in section:
            yield from (f"{first}.{each}" for each in range(1, LAST[first] + 1))
        else:
            end = int((last or first).rsplit(".", 1)[1])
            yield from (f"{section}.{each}" for each in range(int(number), end + 1))


def test_every_asvs_item_has_a_test_or_a_reason() -> None:
    bare = [row[0] for row in rows() if not PROOF.search(row[-1]) and len(row[-1]) < 10]
    assert bare == []


def test_every_asvs_item_of_level_2_has_one_row() -> None:
    cells = [row[0] for row in rows() if "(level 3)" not in row[0]]
    found = [item for cell in cells for item in items(cell)]
    wanted = [f"{section}.{each}" for section, last in LAST.items() for each in range(1, last + 1)]
    assert sorted(found) == sorted(wanted)
