"""docs/emulator-tour.md: each of its commands prints what the document says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from demo import postgres
from tests import documents
from tests.databases import scratch
from tests.documents import ROOT

TOUR = ROOT / "docs" / "emulator-tour.md"
GUIDE = ROOT / "docs" / "emulator.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ANYTHING = "…"
STEP = "-- end of step"
SCRIPT_SECONDS = 120
PATH = f"{postgres.find_binaries()}:{os.environ['PATH']}"


class Step(NamedTuple):
    """A command of the tour, and what it prints."""

    command: str
    printed: str


def steps() -> list[Step]:
    """Read the commands: a line with `$`, and those with `>` that go on with it."""
    text = "".join(CONSOLE.findall(TOUR.read_text()))
    found = []
    for block in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = block.splitlines()
        rest = [line for line in lines[1:] if not line.startswith("> ")]
        more = [line[2:] for line in lines[1:] if line.startswith("> ")]
        found.append(Step("\n".join([lines[0], *more]), "\n".join(rest)))
    return found


def start_of(page: Path) -> list[str]:
    """Return how a page starts the emulator, with the Python of the test run."""
    [line] = re.findall(
        r"(?m)^(?: {4})?(?:\.venv/bin/)?python (-m emulator\b.*)$", page.read_text()
    )
    return [sys.executable, *shlex.split(line)]


@contextmanager
def started(data: Path, page: Path = TOUR) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The emulator as a page starts it, on a free port and in a folder of its own."""
    program = subprocess.Popen(
        [*start_of(page), "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with program:
        assert program.stdout is not None
        try:
            line = program.stdout.readline()
            yield line.removeprefix("Emulator ready: ").removesuffix("/control/\n"), program
        finally:
            program.terminate()


def run(commands: list[str], address: str) -> list[str]:
    """Run the commands in one shell, and return what each prints."""
    script = "".join(f"{each}\necho '{STEP}'\n" for each in commands)
    done = subprocess.run(
        ["bash"],
        input=script.replace("http://127.0.0.1:5050", address),
        capture_output=True,
        text=True,
        timeout=SCRIPT_SECONDS,
        env={"PATH": PATH},
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split(f"{STEP}\n")[:-1]


@pytest.mark.skipif(not shutil.which("psql", path=PATH), reason="the tour uses psql")
def test_every_command_prints_what_the_tour_says_and_a_kill_loses_nothing(tmp_path: Path) -> None:
    tour = steps()
    assert len(tour) > 30
    with started(tmp_path / "data") as (address, program):
        printed = run([each.command for each in tour], address)
        before = requests.get(f"{address}/control/connections", timeout=9).json()
        program.kill()
    assert len(printed) == len(tour)
    for step, text in zip(tour, printed, strict=True):
        pattern = re.escape(step.printed).replace(re.escape(ANYTHING), ".*")
        # Without a line end of its own, the output of curl runs into the mark of the step.
        assert re.fullmatch(pattern, text.strip(), re.DOTALL), f"{step.command}\n{text}"
    with started(tmp_path / "data") as (address, _):
        assert requests.get(f"{address}/control/connections", timeout=9).json() == before


def test_the_command_in_a_sentence_of_the_tour_empties_it(tmp_path: Path) -> None:
    [empty] = [each for each in documents.inline_code(TOUR) if each.startswith("curl ")]
    with started(tmp_path / "data") as (address, _):
        orgs = f"{address}/control/orgs"
        requests.post(orgs, json={"name": "Acme"}, timeout=9).raise_for_status()
        assert len(requests.get(orgs, timeout=9).json()["orgs"]) == 1
        run([f"E={address}", f"{empty} --fail --silent --show-error"], address)
        assert requests.get(orgs, timeout=9).json()["orgs"] == []


def test_the_commands_of_the_guide_break_something_and_fix_it(tmp_path: Path) -> None:
    breaks, fixes = re.findall(r"(?m)^ {4}(curl .*)$", GUIDE.read_text())
    name = breaks.rpartition("/")[2]

    def is_broken(address: str) -> bool:
        listed = requests.get(f"{address}/control/breaks", timeout=9).json()["breaks"]
        [found] = [each for each in listed if each["name"] == name]
        return bool(found["active"])

    with started(tmp_path / "data", GUIDE) as (address, _):
        for command, expected in ((breaks, True), (fixes, False)):
            strict = command.replace("curl", "curl --fail --silent", 1)
            there = strict.replace("localhost:5050", address.removeprefix("http://"))
            subprocess.run(["bash", "-c", there], check=True, timeout=SCRIPT_SECONDS)
            assert is_broken(address) is expected


def test_the_example_of_the_guide_for_tests_runs() -> None:
    [text] = re.findall(r"(?ms)^```python\n(.*?)^```$", GUIDE.read_text())
    with scratch("emulator_guide") as url:
        for name, value in (("database_url", url), ("callback", "http://127.0.0.1:1/callback")):
            assert f"{name}=..." in text
            text = text.replace(f"{name}=...", f"{name}={value!r}")
        exec(text, {})  # noqa: S102  (our own document)


def test_the_help_text_names_every_option_and_where_to_look() -> None:
    command = [sys.executable, "-m", "emulator", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    documented = re.findall(r"`(--[\w-]+)`", GUIDE.read_text())
    assert [option for option in documented if option not in printed] == []
    for option in re.findall(r"--[\w-]+", printed):
        assert option == "--help" or f"`{option}`" in GUIDE.read_text()
    assert "/control/" in printed


@pytest.mark.parametrize("wrong", [["--port", "x"], ["--unknown"]])
def test_a_wrong_option_ends_with_a_hint(wrong: list[str]) -> None:
    command = [sys.executable, "-m", "emulator", *wrong]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "usage: python -m emulator" in done.stderr
