"""`make pythons` and `make next` say what this machine lacks."""

import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def pythons(*arguments: str, path: str = "/nowhere") -> str:
    """Run the script where no other Python is found; return what it says."""
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/pythons"), *arguments],
        env={"PATH": f"{path}:/bin" if OWN in arguments else path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_python_that_is_not_there_is_named_and_no_failure() -> None:
    assert pythons("3.99") == "== 3.99: not on this machine, not run\n"


def test_a_name_without_a_python_behind_it_is_no_python(tmp_path: Path) -> None:
    name = tmp_path / "python3.99"
    name.write_text("#!/bin/sh\nexit 127\n")
    name.chmod(0o755)
    assert pythons("3.99", path=str(tmp_path)).endswith("not on this machine, not run\n")


def test_a_django_that_this_python_is_too_old_for_is_not_run() -> None:
    assert "not on this machine: not run" in pythons("django")


def test_the_python_of_make_test_is_not_tried_again() -> None:
    assert pythons(OWN) == f"== {OWN}: make test runs on it\n"
