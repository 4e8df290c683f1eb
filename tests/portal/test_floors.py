"""Lower apps know nothing of the apps above them, also not by a string or a hidden import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from connect.models import Stage
from tests import floors

ROOT = Path(__file__).resolve().parents[2]


def sources(*apps: str) -> Iterator[tuple[Path, ast.Module]]:
    for app in apps:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text())


def imports_in_functions(tree: ast.Module) -> Iterator[ast.stmt]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node


def strings(tree: ast.Module) -> Iterator[str]:
    """Yield the strings of a module, without docstrings and without the values of its enums."""
    own = {
        id(node)
        for body in ast.walk(tree)
        if isinstance(body, ast.ClassDef)
        for statement in body.body
        if isinstance(statement, ast.Assign)
        for node in ast.walk(statement)
    }
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    skipped = own | prose
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped
        ):
            yield node.value


def imported(*apps: str) -> Iterator[tuple[Path, str]]:
    """Yield each package that a module of these apps imports, by its first name."""
    for path, tree in sources(*apps):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, each.name.partition(".")[0]) for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module.partition(".")[0]


def test_nothing_knows_a_use_case() -> None:
    below = (*floors.OWN, "emulator", "demo")
    assert [each for each in imported(*below) if each[1] in floors.USE_CASES] == []


@pytest.mark.parametrize("use_case", floors.USE_CASES)
def test_a_use_case_knows_no_other_one_and_not_the_emulator(use_case: str) -> None:
    others = {*floors.USE_CASES, "emulator", "demo"} - {use_case}
    assert [each for each in imported(use_case) if each[1] in others] == []


def test_no_function_hides_an_import() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*floors.APPS)
        if path.name != "apps.py"
        for node in imports_in_functions(tree)
    ]
    assert found == []


def test_tenants_does_not_know_the_stages_of_connect() -> None:
    found = [
        (str(path), text)
        for path, tree in sources("tenants")
        for text in strings(tree)
        if text in Stage.values
    ]
    assert found == []


@pytest.mark.parametrize(
    ("app", "prefixes"),
    [
        ("tenants", ("connect.", "connect-", "portal.", "admin:")),
        ("connect", ("portal.", "admin:")),
    ],
)
def test_no_string_names_something_of_an_app_above(app: str, prefixes: tuple[str, ...]) -> None:
    found = [
        (str(path), text)
        for path, tree in sources(app)
        for text in strings(tree)
        if text.startswith((*prefixes, *(f"{name}." for name in floors.USE_CASES)))
    ]
    assert found == []
