"""The tables of docs/emulator.md are those of the code."""

import dataclasses
import re

from emulator.control.breaks.library import GROUPS
from emulator.server.systems import SYSTEMS
from emulator.state.behaviour import Behaviour
from emulator.state.faults import Fault
from tests import documents

NOT_ASKED_FOR = {"id", "met"}
AS_WELL = {"HEAD", "OPTIONS"}  # Werkzeug adds them


def names_in(heading: str) -> list[str]:
    """Return every inline code of a table's first column, in brackets too."""
    cells = [row[0] for row in documents.table("docs/emulator.md", heading).rows]
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def without_names(path: str) -> str:
    """Return a path with "<>" for each of its variable parts."""
    return re.sub(r"<[^>]*>", "<>", path)


def test_every_switch_is_documented_once() -> None:
    assert sorted(names_in("Behaviour")) == sorted(
        each.name for each in dataclasses.fields(Behaviour)
    )


def test_every_key_of_a_fault_is_documented_once() -> None:
    keys = {each.name for each in dataclasses.fields(Fault)} - NOT_ASKED_FOR
    assert sorted(names_in("Faults")) == sorted(keys)


def test_every_break_is_documented_in_its_group() -> None:
    rows = documents.table("docs/emulator.md", "Breaks").rows
    documented = {group: re.findall(r"`([\w-]+)`", names) for group, names in rows}
    assert documented == {group: [each.name for each in found] for group, found in GROUPS.items()}


def test_exactly_the_calls_of_control_are_documented() -> None:
    rows = documents.table("docs/emulator.md", "/control").rows
    documented = [
        (method, without_names(path.strip("`")))
        for methods, path, *_ in rows
        for method in methods.split(", ")
    ]
    routed = [
        (method, without_names(rule.rule))
        for rule in SYSTEMS["control"].rules
        for method in (rule.methods or set()) - AS_WELL
    ]
    assert sorted(documented) == sorted(routed)
