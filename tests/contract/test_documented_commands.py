"""Each command of Heroku's in the documents exists, and has the options that it is given."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import documents
from tests.contract.commands import Client, installed, version_of

pytestmark = pytest.mark.contract
COMMAND = re.compile(r"\bheroku (?P<name>[a-z]+(?::[a-z-]+)*)(?P<rest>[^`$|)\n]*)")
# git push heroku main; and those of Heroku Connect's plugin, which is installed apart.
NOT_COMMANDS = {"main", "connect:info", "connect:export", "connect:diagnose"}


@pytest.fixture
def known(reported: Callable[[Client], Client], tmp_path: Path) -> dict[str, set[str]]:
    """Every command with its options."""
    program = [installed("heroku", "node_modules/.bin/heroku")]
    name = f"heroku {version_of('heroku', 'heroku')} (npm)"
    environment = {"HOME": str(tmp_path), "CI": "true", "DISABLE_TELEMETRY": "true"}
    client = reported(Client(name, program, environment))
    # Warnings may follow the list.
    listed, _ = json.JSONDecoder().raw_decode(client.run("commands", "--json"))
    return dict(read(listed))


def read(listed: list[dict[str, Any]]) -> Iterator[tuple[str, set[str]]]:
    """Yield each command under each of its names, with its options as they are typed."""
    for each in listed:
        flags = each["flags"].values()
        options = {f"--{flag['name']}" for flag in flags}
        options |= {f"-{flag['char']}" for flag in flags if flag.get("char")}
        for name in (each["id"], *each["aliases"], *each["hiddenAliases"]):
            yield name, options


def documented() -> Iterator[tuple[str, set[str]]]:
    """Yield each command of the documents, with its own options."""
    for path in documents.documents():
        for found in COMMAND.finditer(path.read_text()):
            words = shlex.split(found["rest"].replace("'", ""), comments=True)
            # What `heroku run` is given is the portal's own command.
            own = [] if found["name"] == "run" else words
            yield found["name"], {each for each in own if re.match(r"--?[a-z]", each)}


def test_every_documented_command_of_heroku_exists(known: dict[str, set[str]]) -> None:
    wanted = [(name, options) for name, options in documented() if name not in NOT_COMMANDS]
    assert len(wanted) > 30
    assert {name for name, _ in wanted if name not in known} == set()
    assert [
        (name, options - known[name]) for name, options in wanted if options - known[name]
    ] == []
