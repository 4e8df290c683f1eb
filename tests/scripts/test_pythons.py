"""`make pythons` and `make next` say what this machine lacks."""

import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def pythons(*arguments: str, path: str = "/nowhere") -> str:
    """Run the script where no other Python is found; return what it says."""
    done = run(*arguments, path=path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/pythons"), *arguments],
        env={"PATH": f"{path}:/bin" if OWN in arguments else path},
        capture_output=True,
        text=True,
    )


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_python_that_is_not_there_is_named_and_no_failure() -> None:
    assert pythons("3.99") == "== 3.99: not on this machine, not run\n"


def test_a_name_without_a_python_behind_it_is_no_python(tmp_path: Path) -> None:
    program(tmp_path / "python3.99", "exit 127")
    assert pythons("3.99", path=str(tmp_path)).endswith("not on this machine, not run\n")


def test_a_python_of_pyenv_is_found_although_its_name_does_not_start(tmp_path: Path) -> None:
    program(tmp_path / "python3.99", "exit 127")
    program(tmp_path / "pyenv", f"echo {tmp_path}")
    program(tmp_path / "versions/3.99.1/bin/python", "[ $1 != -V ] || echo Python 3.99.1")
    assert "== 3.99: Python 3.99.1" in run("3.99", path=f"{tmp_path}:/bin").stdout


def test_a_django_that_this_python_is_too_old_for_is_not_run() -> None:
    assert "not on this machine: not run" in pythons("django")


def test_the_python_of_make_test_is_not_tried_again() -> None:
    assert pythons(OWN) == f"== {OWN}: make test runs on it\n"
