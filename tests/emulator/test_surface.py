"""What other code may use of the emulator: `emulator` itself and `emulator.testing`."""

import ast
from pathlib import Path

import emulator
from emulator import testing

ROOT = Path(__file__).parents[2]
INSIDE = ROOT / "tests" / "emulator"
USERS = [
    file
    for folder in ("tests", "bench", "demo")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if not file.is_relative_to(INSIDE)
]
PUBLIC = {
    "emulator": {*emulator.__all__, "testing"},
    "emulator.testing": set(testing.__all__),
}


def taken(file: Path) -> set[tuple[str, str]]:
    """The module and the name of each import from the emulator; a whole module has no name."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {(each.name, "") for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(str(node.module), each.name) for each in node.names}
    return {each for each in found if each[0].split(".")[0] == "emulator"}


def test_other_code_imports_public_names_only() -> None:
    found = {file.name: taken(file) for file in USERS if "emulator" in file.read_text()}
    assert any(found.values())
    for file, names in found.items():
        for module, name in names:
            assert module in PUBLIC, (file, module)
            assert name in PUBLIC[module] | {""}, (file, f"{module}.{name}")


def test_every_method_of_a_running_emulator_is_documented() -> None:
    text = (ROOT / "docs" / "emulator.md").read_text()
    methods = {name for name in vars(emulator.Running) if not name.startswith("_")}
    assert not [name for name in methods if f"`{name}(" not in text and f".{name}(" not in text]


def test_every_name_for_tests_is_documented() -> None:
    text = (ROOT / "docs" / "emulator.md").read_text()
    assert not [name for name in testing.__all__ if name not in text]
