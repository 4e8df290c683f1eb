"""The check of one tenant before a version of the mappings is sent: nothing is changed by it."""

from connect.health import refresh
from connect.mappings import asking, diff, last_seen, lint, placeholders
from connect.mappings.changes import Change, ChangeKind, cost_text
from connect.mappings.documents import MappingDocument
from connect.models import Connection, Drift, DriftState
from connect.rollouts import pruning
from connect.rollouts.claim import ItemClaim
from connect.rollouts.sending import target_of
from connect.runner.outcomes import Facts


def check(claim: ItemClaim) -> Facts:
    """Lint what the tenant would get against what its org has, and estimate what it costs.

    Compared with the mappings as last seen; the org is asked only about objects with new fields or
    other access, and about their parents.
    """
    document = placeholders.fill(target_of(claim).document, claim.tenant.namespace)
    changes = _changes(claim, document)
    rows = last_seen.row_counts(claim.connection)
    changed = {change.object_name.lower() for change in changes if _asks(change)}
    asked = asking.ask(asking.of(claim.connection), document, changed) if changed else {}
    org = lint.OrgFacts(claim.tenant.namespace, asked, rows)
    findings = lint.check(document, claim.connection.plan, org) + _exceptions(claim.connection)
    findings += asking.left_out(document, asked, changed) if changed else []
    return {
        "findings": [found.as_json() for found in findings],
        "changes": [{**change.as_json(), "cost": cost_text(change, rows)} for change in changes],
    }


def _changes(claim: ItemClaim, document: MappingDocument) -> list[Change]:
    # Right after going live the mappings may never have been read.
    if not claim.connection.mappings.exists():
        refresh.refresh(claim.connection)
    live = last_seen.document(claim.connection)
    deleted = pruning.objects_to_delete(claim, live)
    return [
        change
        for change in diff.compare(live, document)
        if change.kind != ChangeKind.OBJECT_REMOVED or change.object_name.lower() in deleted
    ]


def _asks(change: Change) -> bool:
    # What is mapped already exists in the org, so it costs no describe.
    if change.kind in (ChangeKind.OBJECT_ADDED, ChangeKind.FIELD_ADDED):
        return True
    return change.kind == ChangeKind.SETTING and change.name in ("access", "upsert_field")


def _exceptions(connection: Connection) -> list[lint.Finding]:
    accepted = Drift.objects.filter(connection=connection, state=DriftState.ACCEPTED).first()
    if accepted is None:
        return []
    text = f"It has an accepted exception, which an import overwrites: {accepted.reason}"
    return [lint.Finding("exception", "document", text, lint.Severity.WARNING)]
