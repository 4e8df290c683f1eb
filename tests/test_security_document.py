"""docs/security.md names tests that exist."""

import ast
import re

import pytest

from tests import documents
from tests.documents import ROOT

DOCUMENT = ROOT / "docs/security.md"
PROOF = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
PROOFS = [
    match.groups() for each in documents.inline_code(DOCUMENT) if (match := PROOF.fullmatch(each))
]


def functions(path: str) -> set[str]:
    """Return the names of the test functions in a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(PROOFS)))
def test_every_test_that_proves_something_exists(path: str, name: str) -> None:
    assert name in functions(path)


def test_every_asvs_item_has_a_test_or_a_reason() -> None:
    rows = [
        row for each in documents.tables(DOCUMENT) if each.header[0] == "item" for row in each.rows
    ]
    bare = [row[0] for row in rows if not PROOF.search(row[-1]) and len(row[-1]) < 10]
    assert bare == []
