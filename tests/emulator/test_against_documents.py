"""docs/emulator.md says which endpoints, states and errors are emulated; the routes agree."""

import re

import pytest

from emulator.control.breaks.library import LIBRARY
from emulator.server.systems import SYSTEMS
from tests import documents
from tests.emulator.test_docs import AS_WELL, without_names

DOCUMENT = "docs/emulator.md"
ANY = {"DELETE", "GET", "PATCH", "POST", "PUT"}
REAL = ("heroku", "central", "region", "salesforce", "x")
UNKNOWN_STATE = "A_STATE_OF_TOMORROW"

Endpoint = tuple[str, str, str]


def listed(*, emulated: bool) -> set[Endpoint]:
    """The endpoints of the table that are emulated, or are not."""
    found = set()
    for system, method, path, answer in documents.table(DOCUMENT, "Endpoints").rows:
        assert answer.split(":")[0].split(",")[0] in ("yes", "no"), answer
        for each in ANY if method == "any" else [method]:
            if answer.startswith("yes") is emulated:
                found.add((system, each, without_names(path.strip("`"))))
    return found


def routed() -> set[Endpoint]:
    """The endpoints that the systems answer."""
    return {
        (name, method, without_names(rule.rule))
        for name in REAL
        for rule in SYSTEMS[name].rules
        for method in (rule.methods or set()) - AS_WELL
    }


def test_the_table_names_exactly_the_routes_as_emulated() -> None:
    assert listed(emulated=True) == routed()


def test_what_the_table_calls_not_emulated_is_not_routed() -> None:
    assert listed(emulated=False) & routed() == set()
    assert listed(emulated=False)


@pytest.mark.parametrize(
    ("heading", "name"),
    [("States of a connection", "connection-state"), ("States of a mapping", "mapping-state")],
)
def test_every_documented_state_can_be_forced(heading: str, name: str) -> None:
    states = set(LIBRARY[name].choices) - {UNKNOWN_STATE}
    assert set(documents.table(DOCUMENT, heading).column()) == states


@pytest.mark.parametrize(
    "heading", ["States of a connection", "States of a mapping", "Errors of the Platform API"]
)
def test_the_breaks_that_the_tables_name_exist(heading: str) -> None:
    cells = [row[-1] for row in documents.table(DOCUMENT, heading).rows]
    named = [each for cell in cells for each in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", cell)]
    assert named
    assert [each for each in named if each not in LIBRARY] == []
