"""Asking an org what it has, for the linter: the mapped objects, and the parents they name."""

import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from connect.clients import heroku_mappings
from connect.clients.accounts import remote_of
from connect.clients.org_objects import ObjectFacts
from connect.mappings.documents import MappingDocument
from connect.mappings.lint import related
from connect.mappings.lint.findings import Finding, warn
from connect.models import Connection

# All calls together; a task may take 120 and has others to make.
MAX_SECONDS = 40.0
TOO_SLOW = "Heroku Connect took too long to describe the org's objects."
Describe = Callable[[str], ObjectFacts | None]
Described = dict[str, ObjectFacts | None]


def of(connection: Connection) -> Describe:
    """Return the function that asks a connection's org about one object, by one call each.

    It raises the errors of connect.clients.http.
    """
    return partial(heroku_mappings.describe, remote_of(connection))


def ask(describe: Describe, document: MappingDocument, only: Collection[str] = ()) -> Described:
    """Return what the org has of the document's objects by their lower-case names.

    `only` limits the objects, by lower-case name. The parents of mapped relationships are asked
    about too, since their fields are the keys. After MAX_SECONDS the rest is left out.
    """
    stop_at = time.monotonic() + MAX_SECONDS
    found: Described = {}
    for name in _names(document, only, found):
        if time.monotonic() >= stop_at:
            break
        if name.lower() not in found:
            found[name.lower()] = describe(name)
    return found


def left_out(
    document: MappingDocument, found: Described, only: Collection[str] = ()
) -> list[Finding]:
    """Return a warning if the org was too slow to be asked about all of these objects."""
    names = [str(each["object_name"]) for each in _wanted(document, only)]
    unknown = [name for name in names if name.lower() not in found]
    text = f"{TOO_SLOW} Not asked: {', '.join(unknown)}."
    return [warn("unchecked", "org", text)] if unknown else []


def _wanted(document: MappingDocument, only: Collection[str]) -> list[dict[str, Any]]:
    every = document["mappings"]
    return [each for each in every if not only or str(each["object_name"]).lower() in only]


def _names(document: MappingDocument, only: Collection[str], found: Described) -> Iterator[str]:
    """Yield each object, and then its parents, which are in `found` by that time."""
    for mapping in _wanted(document, only):
        name = str(mapping["object_name"])
        yield name
        yield from _parents(mapping["config"], found[name.lower()])


def _parents(config: dict[str, Any], described: ObjectFacts | None) -> list[str]:
    ways = related(config.get("fields", {}), described)
    return [name for way in ways if way.facts for name in way.facts.references]
