"""Lower apps know nothing of the apps above them, also not by a string or a hidden import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from connect.models import Stage

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "social", "connect", "tenants")


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


def test_no_function_hides_an_import() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*APPS)
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
        ("tenants", ("connect.", "connect-", "social.", "portal.", "admin:")),
        ("connect", ("social.", "portal.", "admin:")),
    ],
)
def test_no_string_names_something_of_an_app_above(app: str, prefixes: tuple[str, ...]) -> None:
    found = [
        (str(path), text)
        for path, tree in sources(app)
        for text in strings(tree)
        if text.startswith(prefixes)
    ]
    assert found == []
