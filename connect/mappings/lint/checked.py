"""The mapping that the rules check, with what they ask of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connect.clients.org_objects import ObjectFacts
from connect.mappings.lint.findings import Finding, OrgFacts
from connect.mappings.lint.relationships import Related, related


@dataclass(frozen=True)
class Checked:
    """The mapping that is checked, for which plan and org. `fields` are the mapped names."""

    name: str
    config: dict[str, Any]
    plan: str
    org: OrgFacts

    @property
    def fields(self) -> dict[str, Any]:
        """The mapped fields; empty if they are missing or not an object."""
        given = self.config.get("fields")
        return given if isinstance(given, dict) else {}

    @property
    def indexes(self) -> dict[str, Any]:
        """The indexes by field; empty if they are missing or not an object."""
        given = self.config.get("indexes")
        return given if isinstance(given, dict) else {}

    @property
    def writes(self) -> bool:
        """Whether it writes to Salesforce."""
        return self.config.get("access") == "read_write"

    @property
    def described(self) -> ObjectFacts | None:
        """What the org says of the object; None if it was not asked or has no such object."""
        return self.org.described(self.name)

    @cached_property
    def related(self) -> list[Related]:
        """The relationships by external id."""
        return related(self.fields, self.described)

    @cached_property
    def mapped(self) -> set[str]:
        """The lower-case names of the mapped fields."""
        return {each.lower() for each in self.fields}

    def maps(self, field: str) -> bool:
        """Return whether a field is mapped; names are case-insensitive."""
        return field.lower() in self.mapped

    def place(self, field: str) -> str:
        """Return the place of a field, for a finding."""
        return f"{self.name}.{field}"


Rule = Callable[[Checked], Iterator[Finding]]
