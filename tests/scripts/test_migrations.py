"""Migrations are named, numbered and in one line."""

from pathlib import Path

import pytest

from scripts import migrations

FIRST = "class Migration:\n    dependencies = [('auth', '0012_alter_user')]\n"


def after(name: str) -> str:
    return f"class Migration:\n    dependencies = [('app', '{name}'), ('auth', '0001_initial')]\n"


def app(root: Path, **files: str) -> Path:
    folder = root / "app" / "migrations"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    for name, text in files.items():
        (folder / f"{name.removeprefix('n')}.py").write_text(text)
    return root


def test_a_line_of_named_migrations_is_right(tmp_path: Path) -> None:
    root = app(tmp_path, n0001_initial=FIRST, n0002_owners=after("0001_initial"))
    assert migrations.problems(root) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("n0001_owners", after("0001_initial"), "0001_owners should be number 0002"),
        ("n0003_owners", after("0001_initial"), "0003_owners should be number 0002"),
        ("n0002_auto_20261201_1200", after("0001_initial"), "does not say what it is for"),
        ("n0002_alter_tenant_name", after("0001_initial"), "does not say what it is for"),
        ("n0002_tenant_a_and_more", after("0001_initial"), "does not say what it is for"),
        ("n0002_owners", FIRST, "0002_owners depends on []; in one line it is 0001_initial"),
        ("n0002_owners", after("0000_x"), "depends on ['0000_x']"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    [problem] = migrations.problems(app(tmp_path, n0001_initial=FIRST, **{name: text}))
    assert said in problem


def test_our_own_are_right() -> None:
    assert migrations.problems(migrations.ROOT) == []
