"""From nothing to a running product, by the commands of README.md and CONTRIBUTING.md."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.ports import free_port
from tests import documents
from tests.documents import ROOT
from tests.plugin import TEST_ENVIRONMENT

GUIDE = ROOT / "CONTRIBUTING.md"
# They have no more than `make demo`, which is the second command of the guide.
OTHERS = (ROOT / "README.md", ROOT / "docs" / "getting-started.md")
DEMO = "make demo"
RUNS = "Multiconnect is running."
PORTS = ("DEMO_PORT", "DEMO_EMULATOR_PORT", "DEMO_TOUR_PORT")
SECONDS = 900  # for the packages, and a month of history on a machine with other work

pytestmark = pytest.mark.thorough


def lines(page: Path) -> list[str]:
    """Return the lines of the page's block with `make demo`, without their comments."""
    [found] = [each for each in documents.fences(page) if DEMO in each]
    return [re.sub(r"\s+#.*", "", line).strip() for line in found.strip("`\n ").splitlines()]


@pytest.fixture
def environment() -> dict[str, str]:
    """What a reader's shell has: nothing of this test run."""
    ours = {*TEST_ENVIRONMENT, "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV"}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("PYTEST")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder in which a newcomer clones the repository."""
    target = tmp_path / "newcomer"
    target.mkdir()
    yield target
    shutil.rmtree(target)


@pytest.fixture
def clone(tmp_path: Path) -> str:
    """The guide's command that clones it, of a repository that has the project's name."""
    repository = tmp_path / "multiconnect.git"
    subprocess.run(["git", "clone", "-q", "--bare", ROOT, repository], check=True)
    command, *_ = lines(GUIDE)
    assert command == "git clone <this repository> && cd multiconnect"
    return command.replace("<this repository>", str(repository))


def test_a_fresh_clone_and_make_demo_are_all_it_takes_and_ctrl_c_ends_it(
    folder: Path, clone: str, environment: dict[str, str]
) -> None:
    for page in (GUIDE, *OTHERS):
        assert DEMO in lines(page)
    ports = {name: str(free_port()) for name in PORTS}
    program = subprocess.Popen(
        ["timeout", "--signal=INT", str(SECONDS), "bash", "-c", f"{clone} && exec {DEMO}"],
        cwd=folder,
        env={**environment, **ports},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with program:
        assert program.stdout is not None
        try:
            printed = next((line for line in program.stdout if line.startswith(RUNS)), "")
            assert printed, "It ended, or had no more time."
            for name, path in (("DEMO_PORT", "/readyz"), ("DEMO_TOUR_PORT", "/")):
                assert requests.get(f"http://127.0.0.1:{ports[name]}{path}", timeout=30).ok
        finally:
            os.killpg(program.pid, signal.SIGINT)
        assert "Stopped." in program.stdout.read()


def test_the_hooks_of_the_guide_are_installed(
    folder: Path, clone: str, environment: dict[str, str]
) -> None:
    [command] = [each for each in documents.inline_code(GUIDE) if "pre-commit install" in each]
    subprocess.run([sys.executable, "-m", "venv", folder / "tools"], check=True)
    path = f"{folder / 'tools' / 'bin'}:{environment['PATH']}"
    subprocess.run(
        ["bash", "-c", f"{clone} && {command}"],
        cwd=folder,
        env={**environment, "PATH": path},
        check=True,
        timeout=SECONDS,
    )
    assert "pre-commit" in (folder / "multiconnect/.git/hooks/pre-commit").read_text()
