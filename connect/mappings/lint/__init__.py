"""Checks of a mapping document before it is sent: what Heroku Connect would refuse or ignore."""

from collections.abc import Iterable, Iterator

from connect.mappings.documents import MappingDocument
from connect.mappings.lint.findings import Finding, OrgFacts, Severity, warn
from connect.mappings.lint.limits import (
    ACCESS_MODES,
    MAX_MAPPINGS,
    MAX_POLLING_SECONDS,
    max_rows,
)
from connect.mappings.lint.mapping_rules import Checked, check_mapping
from connect.mappings.lint.names import repeated, twice_text

__all__ = [
    "ACCESS_MODES",
    "MAX_POLLING_SECONDS",
    "Finding",
    "OrgFacts",
    "Severity",
    "check",
    "errors",
    "max_rows",
    "warnings",
]


def check(document: MappingDocument, plan: str, org: OrgFacts | None = None) -> list[Finding]:
    """Return every finding for a filled document, for one org if given.

    It can be sent if no finding is an error. `plan` is the add-on's, e.g. "herokuconnect:demo".
    """
    return list(_findings(document, plan, org or OrgFacts()))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors."""
    return [found for found in findings if found.severity is Severity.ERROR]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the warnings."""
    return [found for found in findings if found.severity is Severity.WARNING]


def _findings(document: MappingDocument, plan: str, org: OrgFacts) -> Iterator[Finding]:
    mappings = document.get("mappings")
    if not isinstance(mappings, list) or not mappings:
        yield Finding("no-mappings", "document", "It has no list “mappings”, or the list is empty.")
        return
    if len(mappings) > MAX_MAPPINGS:
        text = f"It has {len(mappings)} mappings; Heroku Connect takes {MAX_MAPPINGS}."
        yield Finding("too-many", "document", text)
    names: list[str] = []
    for mapping in mappings:
        name = mapping.get("object_name") if isinstance(mapping, dict) else None
        if not isinstance(name, str) or not isinstance(mapping.get("config"), dict):
            where = name if isinstance(name, str) else "mapping"
            yield Finding("not-a-mapping", where, "It lacks object_name or config.")
            continue
        names.append(name)
        yield from check_mapping(Checked(name, mapping["config"], plan, org))
    for name, first in repeated(names):
        yield Finding("twice", name, twice_text("object", name, first))
    yield from _row_limit(names, plan, org)


def _row_limit(names: Iterable[str], plan: str, org: OrgFacts) -> Iterator[Finding]:
    limit = max_rows(plan)
    # A set, since an object that is mapped twice has its rows once.
    total = sum(org.rows.get(name) or 0 for name in {each.lower() for each in names})
    if limit is not None and total > limit:
        yield warn("rows", "document", f"About {total:,} rows; this plan allows {limit:,}.")
