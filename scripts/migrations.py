"""Find migrations that are not named, not numbered one by one, or not in one line.

Two branches that each add a migration leave two with the same number, or one that does not follow
the last. Django finds only the second, and only when it runs them.
"""

import ast
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What Django calls a migration that nobody has named.
_UNNAMED = re.compile(r"\d{4}_(auto|alter)_|_and_more$")


def problems(root: Path) -> list[str]:
    """Return what is wrong with the migrations of each app, one line each."""
    return [line for folder in folders(root) for line in _of_app(folder)]


def folders(root: Path) -> list[Path]:
    """Return the folders of migrations; the folder above each has the app's label as its name."""
    found = [*root.glob("*/migrations"), *root.glob("*/*/migrations")]
    return sorted(each for each in found if each.is_dir())


def _of_app(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("[0-9]*.py"))
    app, names = folder.parent.name, [each.stem for each in files]
    for number, name in enumerate(names, start=1):
        if not name.startswith(f"{number:04}_"):
            yield f"{app}: {name} should be number {number:04}: renumber it and what depends on it"
        if _UNNAMED.search(name):
            yield f"{app}: {name} does not say what it is for: rename it and what depends on it"
    for before, file in pairwise(files):
        if (found := _own_dependencies(file, app)) != [before.stem]:
            yield f"{app}: {file.stem} depends on {found}; in one line it is {before.stem}"


def _own_dependencies(file: Path, app: str) -> list[str]:
    """Return the migrations of the same app that a migration names as its dependencies."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "dependencies":
            pairs = [each for each in ast.walk(node.value) if isinstance(each, ast.Tuple)]
            return [
                ast.literal_eval(pair.elts[1])
                for pair in pairs
                if ast.unparse(pair.elts[0]) == repr(app)
            ]
    return []


def main(arguments: list[str]) -> int:
    """Print what is wrong and return the exit code: 1 if there is something.

    With --apps, print the labels of the apps that have migrations.
    """
    if arguments == ["--apps"]:
        print(*(folder.parent.name for folder in folders(ROOT)))
        return 0
    found = problems(ROOT)
    print(*found, sep="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
