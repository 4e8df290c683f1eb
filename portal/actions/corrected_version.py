"""Making the version that follows a change in one tenant's org."""

from collections.abc import Sequence
from typing import Any

from connect.mappings import corrections, diff, drift, last_seen, lint, templates
from connect.mappings.changes import Change, with_cost
from connect.models import Drift
from portal.actions.action import Options
from portal.actions.result import Result, done, skipped


def refusal(row: Drift) -> str:
    if row.connection.template is None:
        return "it has no mapping version"
    return "" if changes(row) else "nothing in its org asks for another version"


def changes(row: Drift) -> list[Change]:
    """Return what the corrected version would change of the tenant's version."""
    before = row.connection.template
    return diff.compare(before.document, _document(row)) if before else []


def details(targets: Sequence[Drift]) -> list[str]:
    """Return the changes in the org, what they change in the version, and the cost."""
    lines: list[str] = []
    for row in targets:
        rows = last_seen.row_counts(row.connection)
        lines += [f"{each} {each.advice}" for each in drift.faults(row)]
        lines += [f"For this tenant: {with_cost(each, rows)}" for each in changes(row)]
    return lines


def make(targets: Sequence[Drift], actor: str, options: Options) -> Result:
    """Store the corrected version as the next one; its page is shown."""
    (row,) = targets
    tenant, before = row.connection.tenant, row.connection.template
    reason = refusal(row)
    if reason or before is None:
        return skipped(tenant, reason)
    document = _document(row)
    faults = lint.errors(templates.findings(document))
    if faults:
        return skipped(tenant, " ".join(each.explained for each in faults))
    found = " ".join(str(each) for each in drift.faults(row))
    made = templates.add(
        document,
        author=actor,
        notes=f"{before}, corrected after a change in the org of {tenant}. {found}",
        made_from=f"a change in the org of {tenant.org_id}",
        package=before.package,
    )
    return done(tenant, f"{made} is made. Compare it, then roll it out.", then=made)


def _document(row: Drift) -> dict[str, Any]:
    before, namespace = row.connection.template, row.connection.tenant.namespace
    document = before.document if before else {"mappings": []}
    return corrections.corrected(document, drift.faults(row), namespace)
