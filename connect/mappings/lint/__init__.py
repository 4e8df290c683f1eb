"""Checks of a mapping document before it is sent: what Heroku Connect would refuse or spoil.

Two levels: what the document alone can tell, and what one org says of its objects (OrgFacts).
"""

from collections.abc import Iterable, Iterator

from connect.mappings.documents import MappingDocument
from connect.mappings.lint import field_rules, object_rules, org_rules
from connect.mappings.lint.checked import Checked
from connect.mappings.lint.findings import Finding, OrgFacts, Severity, warn
from connect.mappings.lint.limits import (
    ACCESS_MODES,
    MAX_FIELDS,
    MAX_MAPPINGS,
    MAX_POLLING_SECONDS,
    UNSUPPORTED_TYPES,
    is_plan,
    least_polling,
    max_rows,
    plan_name,
    unsupported,
)
from connect.mappings.lint.names import repeated, twice_text
from connect.mappings.lint.relationships import related

__all__ = [
    "ACCESS_MODES",
    "MAX_POLLING_SECONDS",
    "UNSUPPORTED_TYPES",
    "Finding",
    "OrgFacts",
    "Severity",
    "check",
    "check_plans",
    "errors",
    "is_plan",
    "least_polling",
    "max_rows",
    "related",
    "unsupported",
    "warnings",
]


def check(document: MappingDocument, plan: str, org: OrgFacts | None = None) -> list[Finding]:
    """Return every finding for a filled document, for one org if given.

    It can be sent if no finding is an error. `plan` is the add-on's, e.g. "herokuconnect:demo".
    """
    return list(_findings(document, plan, org or OrgFacts()))


def check_plans(
    document: MappingDocument, plans: Iterable[str], org: OrgFacts | None = None
) -> list[Finding]:
    """Return the findings for a document that tenants on any of these plans may get.

    What only some plans refuse is a warning that names them: tenants on the others may have it.
    """
    by_plan = {plan: check(document, plan, org) for plan in plans}
    found: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for plan, findings in by_plan.items():
        for each in findings:
            found.setdefault((each.rule, each.where), []).append((plan, each))
    return [_of_plans(each, len(by_plan)) for each in found.values()]


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors."""
    return [found for found in findings if found.severity is Severity.ERROR]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the warnings."""
    return [found for found in findings if found.severity is Severity.WARNING]


def _of_plans(found: list[tuple[str, Finding]], plans: int) -> Finding:
    finding = found[0][1]
    if len({plan for plan, _ in found}) == plans or finding.severity is not Severity.ERROR:
        return finding
    names = ", ".join(dict.fromkeys(plan_name(plan) for plan, _ in found))
    text = f"{finding.text} Tenants on other plans than {names} can have it."
    return warn(finding.rule, finding.where, text)


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
        yield from _check_mapping(Checked(name, mapping["config"], plan, org))
    for name, first in repeated(names):
        yield Finding("twice", name, twice_text("object", name, first))
    yield from _row_limit(names, plan, org)


def _check_mapping(mapping: Checked) -> Iterator[Finding]:
    # A table that is too wide has one finding, not one for each of its fields.
    narrow = bool(mapping.fields) and len(mapping.fields) <= MAX_FIELDS
    for rule in (*object_rules.RULES, *((*field_rules.RULES, *org_rules.RULES) if narrow else ())):
        yield from rule(mapping)


def _row_limit(names: Iterable[str], plan: str, org: OrgFacts) -> Iterator[Finding]:
    limit = max_rows(plan)
    # A set, since an object that is mapped twice has its rows once.
    total = sum(org.rows.get(name) or 0 for name in {each.lower() for each in names})
    if limit is not None and total > limit:
        yield warn("rows", "document", f"About {total:,} rows; this plan allows {limit:,}.")
