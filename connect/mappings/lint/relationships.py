"""Relationships by external id among mapped fields: Account__Key__c, Parent__r__Key__c.

The name is the relationship's, two underscores, and the parent's field. A describe tells which
relationships an object has. A document alone tells less: `__r__` shows a custom one, and a standard
one is recognized when its lookup is mapped too (Account__… beside AccountId).
"""

from collections.abc import Collection
from dataclasses import dataclass

from connect.clients.org_objects import FieldFacts, ObjectFacts


@dataclass(frozen=True)
class Related:
    """One mapped relationship: the name as mapped, its lookup field, and the parent's field."""

    path: str
    lookup: str
    key: str
    facts: FieldFacts | None = None  # of the lookup, if the org was asked


def related(fields: Collection[str], described: ObjectFacts | None) -> list[Related]:
    """Return the relationships among mapped fields."""
    if described:
        found = (_known(path, described) for path in fields if not described.has(path))
    else:
        mapped = {each.lower(): each for each in fields}
        found = (_guessed(path, mapped) for path in fields)
    return [each for each in found if each]


def _known(path: str, described: ObjectFacts) -> Related | None:
    ways = [
        each
        for each in described.fields.values()
        if each.relationship and path.lower().startswith(f"{each.relationship.lower()}__")
    ]
    if not ways:
        return None
    # The longest, since a name may begin like another.
    lookup = max(ways, key=lambda each: len(each.relationship))
    return Related(path, lookup.name, path[len(lookup.relationship) + 2 :], lookup)


def _guessed(path: str, mapped: dict[str, str]) -> Related | None:
    at = path.lower().find("__r__")
    if at > 0:
        return Related(path, f"{path[:at]}__c", path[at + 5 :])
    head, _, key = path.partition("__")
    lookup = mapped.get(f"{head}id".lower())
    return Related(path, lookup, key) if lookup and key else None
