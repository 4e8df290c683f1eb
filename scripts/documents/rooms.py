"""Floors and rooms, with the arrows of imports, as import-linter's own library sees them.

A floor is a top-level package. A room is what lies directly in it: a package or a module.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import grimp
from django.conf import settings

from scripts.documents.blocks import table

FLOORS = settings.FLOORS
BESIDE = ("emulator", "demo", "bench")
OPENED = ("portal.admin",)  # packages whose own rooms are shown in their place
# What Django or gunicorn looks for by its name: no reader looks for it here.
PLUMBING = {"apps", "formats", "management", "migrations", "templatetags", "urls", "wsgi"}

Arrows = dict[str, set[str]]  # a room: the rooms that it imports


def floors(_: str) -> str:
    """Draw the top-level packages."""
    packages = (*FLOORS, *BESIDE)
    graph = grimp.build_graph(*packages, cache_dir=None)
    for package in packages:
        graph.squash_module(package)
    arrows = {each: graph.find_modules_directly_imported_by(each) - {each} for each in packages}
    labels = {each: f"<b>{each}</b><br>{purpose(each)}".replace("`", "") for each in packages}
    return _drawn(arrows, labels)


def rooms(floor: str) -> str:
    """Draw the rooms of a floor."""
    arrows = _rooms(floor)
    return _drawn(arrows, {each: _short(each, floor) for each in arrows})


def contents(floor: str) -> str:
    """Return a table: each room of a floor, what it does, and which rooms it imports."""
    rows = [
        (
            f"[`{_short(room, floor)}`](../{_path(room)})",
            purpose(room),
            ", ".join(sorted(_short(each, floor) for each in imported)),
        )
        for room, imported in _rooms(floor).items()
    ]
    return table(("room", "what it does", "imports"), rows)


def purpose(name: str) -> str:
    """Return the first sentence of a module's docstring. Raises LookupError if it has none."""
    path = _path(name)
    source = path / "__init__.py" if path.is_dir() else path
    docstring = ast.get_docstring(ast.parse(source.read_text()))
    if not docstring:
        raise LookupError(f"{source} has no docstring: say in one line what it does")
    return docstring.splitlines()[0]


def shown(arrows: Arrows) -> list[tuple[str, str]]:
    """Return the arrows to draw: without those where a longer way leads to the same room."""
    return [
        (room, each)
        for room, imported in arrows.items()
        for each in sorted(imported)
        if not _leads_there_anyway(room, each, arrows)
    ]


def _rooms(floor: str) -> Arrows:
    graph = grimp.build_graph(*FLOORS, *BESIDE, cache_dir=None)
    names = set(graph.find_children(floor))
    for opened in names & set(OPENED):
        names |= graph.find_children(opened)
        names.remove(opened)
    found = sorted(name for name in names if _last(name) not in PLUMBING)
    for room in found:
        graph.squash_module(room)
    return {
        room: graph.find_modules_directly_imported_by(room) & set(found) - {room} for room in found
    }


def _drawn(arrows: Arrows, labels: Mapping[str, str]) -> str:
    lines = [f'    {_id(each)}["{label}"]' for each, label in labels.items()]
    lines += [f"    {_id(room)} --> {_id(each)}" for room, each in shown(arrows)]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def _leads_there_anyway(room: str, goal: str, arrows: Arrows) -> bool:
    """Whether a longer way leads to the same room, so that the arrow can be left out.

    A way through a circle does not count: both of its arrows would be left out.
    """
    return any(
        goal in _reached(via, arrows)
        and room not in _reached(via, arrows)
        and via not in _reached(goal, arrows)
        for via in arrows[room] - {goal}
    )


def _reached(start: str, arrows: Arrows) -> set[str]:
    seen: set[str] = set()
    ahead = {start}
    while ahead:
        seen |= ahead
        ahead = set().union(*(arrows[each] for each in ahead)) - seen
    return seen


def _path(name: str) -> Path:
    path = Path(*name.split("."))
    return path if path.is_dir() else path.with_suffix(".py")


def _short(name: str, floor: str) -> str:
    return name.removeprefix(f"{floor}.")


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _id(name: str) -> str:
    return name.replace(".", "_")
