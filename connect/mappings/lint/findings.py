"""What a check finds, and what it may know about the org."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connect.clients.org_objects import ObjectFacts
from connect.mappings.lint.rulebook import RULEBOOK

_WITHOUT_OBJECT = ("document", "mapping", "org")


class Severity(StrEnum):
    ERROR = "error"  # stops the import
    WARNING = "warning"  # has to be accepted
    NOTE = "note"  # to know; nothing to accept


@dataclass(frozen=True)
class Finding:
    """One finding: the rule's id, the place ("Account.Name"), and what is wrong there."""

    rule: str
    where: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"

    @property
    def explained(self) -> str:
        """The finding with what happens if it is sent anyway, and what to do."""
        known = f" If it is sent anyway: {self.consequence} {self.advice}" if self.advice else ""
        return f"{self.where}: {self.text}{known} [{self.rule}]"

    @property
    def object_name(self) -> str:
        """The object that it is about; "" if it is about the whole document."""
        name = self.where.partition(".")[0]
        return "" if name in _WITHOUT_OBJECT else name

    @property
    def field(self) -> str:
        """The field that it is about; "" if it is about the object."""
        return self.where.partition(".")[2]

    @property
    def consequence(self) -> str:
        """What happens if it is sent anyway; "" for what no rule of the linter found."""
        rule = RULEBOOK.get(self.rule)
        return rule.consequence if rule else ""

    @property
    def advice(self) -> str:
        """What to do."""
        rule = RULEBOOK.get(self.rule)
        return rule.advice if rule else ""

    def as_json(self) -> dict[str, str]:
        """Return it as JSON data."""
        return {
            "rule": self.rule,
            "where": self.where,
            "object": self.object_name,
            "field": self.field,
            "text": self.text,
            "consequence": self.consequence,
            "advice": self.advice,
            "severity": self.severity.value,
        }


@dataclass(frozen=True)
class OrgFacts:
    """What is known about the org that gets a document.

    `objects` holds what the org says of an object by its lower-case name, None for an object that
    it does not have; objects that were not described are missing. `rows` is the number of records.
    """

    namespace: str = ""
    objects: Mapping[str, ObjectFacts | None] = field(default_factory=dict)
    rows: Mapping[str, int | None] = field(default_factory=dict)

    def described(self, name: str) -> ObjectFacts | None:
        """Return what is known of an object; None if it was not described, or is not there."""
        return self.objects.get(name.lower())


def warn(rule: str, where: str, text: str) -> Finding:
    """Return a finding that has to be accepted."""
    return Finding(rule, where, text, Severity.WARNING)


def note(rule: str, where: str, text: str) -> Finding:
    """Return a finding that one only has to know."""
    return Finding(rule, where, text, Severity.NOTE)
