"""Asking an org what it has, for the linter: the mapped objects, and the parents they name."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

from connect.clients import heroku_mappings
from connect.clients.accounts import remote_of
from connect.clients.org_objects import ObjectFacts
from connect.mappings.documents import MappingDocument
from connect.mappings.lint import related
from connect.models import Connection

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
    about too, since their fields are the keys.
    """
    found: Described = {}
    for mapping in document["mappings"]:
        name = str(mapping["object_name"])
        if not only or name.lower() in only:
            _add(found, describe, [name])
            _add(found, describe, _parents(mapping["config"], found[name.lower()]))
    return found


def _add(found: Described, describe: Describe, names: Iterable[str]) -> None:
    for name in names:
        if name.lower() not in found:
            found[name.lower()] = describe(name)


def _parents(config: dict[str, Any], described: ObjectFacts | None) -> list[str]:
    ways = related(config.get("fields", {}), described)
    return [name for way in ways if way.facts for name in way.facts.references]
