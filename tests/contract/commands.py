"""Commands of other people's clients, each in the environment that scripts/contract made for it."""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".contract"
CLIENTS = Path(__file__).parent / "clients"
TIMEOUT = 90  # seconds, on a machine with much else to do
TOKEN = "HRKU-contract"


@dataclass(frozen=True)
class Line:
    """One command, for the report. `expected`: it ended as the test wants."""

    client: str
    command: str
    seconds: float
    expected: bool


@dataclass
class Client:
    """A client with its version, how it is started, and where it looks for Heroku."""

    name: str
    program: list[str]
    environment: dict[str, str]
    lines: list[dict[str, Any]] = field(default_factory=list)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command that ends with `code`, and return what it prints on both channels."""
        began = time.monotonic()
        done = subprocess.run(
            [*self.program, *arguments],
            env={"PATH": os.environ["PATH"], **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        printed = done.stdout + done.stderr
        self.note(" ".join(arguments), time.monotonic() - began, expected=done.returncode == code)
        assert done.returncode == code, printed
        return printed

    def note(self, command: str, seconds: float, *, expected: bool) -> None:
        """Add a line to the report."""
        self.lines.append(asdict(Line(self.name, command, seconds, expected)))

    def steps(self, script: str) -> dict[str, Any]:
        """Run a library's script, and return the result of each step by its name.

        It prints a line of JSON for each: {"step", "seconds", "result"}.
        """
        done = subprocess.run(
            [*self.program, script],
            env={"PATH": os.environ["PATH"], **self.environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for each in found:
            self.note(each["step"], each["seconds"], expected=True)
        if done.returncode:
            self.note(f"what follows {len(found)} steps", 0, expected=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {each["step"]: each["result"] for each in found}


def installed(name: str, program: str) -> str:
    """Return the path of a client's program; it was installed from the lock file of today."""
    path = INSTALLED / name / program
    assert path.exists(), f"{name} is not installed: run make contract"
    return str(path)


def version_of(name: str, package: str) -> str:
    """Read the version of an npm package that was installed for a client."""
    path = INSTALLED / name / "node_modules" / package / "package.json"
    return str(json.loads(path.read_text())["version"])
