"""What a check finds, and what it may know about the org."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # stops the import
    WARNING = "warning"  # has to be accepted


@dataclass(frozen=True)
class Finding:
    """One finding: the rule's id, the place, and what to change."""

    rule: str
    where: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"

    def as_json(self) -> dict[str, str]:
        """Return it as JSON data."""
        return {
            "rule": self.rule,
            "where": self.where,
            "text": self.text,
            "severity": self.severity.value,
        }


@dataclass(frozen=True)
class OrgFacts:
    """What is known about the org that gets a document.

    `fields` holds the lower-case names of an object's fields by its lower-case name, None for an
    object that the org does not have; objects that were not described are missing. `rows` is the
    number of records by object.
    """

    namespace: str = ""
    fields: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    rows: Mapping[str, int | None] = field(default_factory=dict)


def warn(rule: str, where: str, text: str) -> Finding:
    """Return a finding that has to be accepted."""
    return Finding(rule, where, text, Severity.WARNING)
