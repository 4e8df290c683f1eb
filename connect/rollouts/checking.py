"""The check of one tenant before a version of the mappings is sent: nothing is changed by it."""

from collections.abc import Iterable, Mapping

from connect.clients import heroku_mappings
from connect.health import refresh
from connect.mappings import diff, last_seen, lint, templates
from connect.mappings.templates import Document
from connect.models import Connection, Drift, DriftState
from connect.rollouts import pruning
from connect.rollouts.sending import target_of
from connect.rollouts.work import Work
from connect.runner.outcomes import Facts


def check(work: Work) -> Facts:
    """Lint what the tenant would get against what its org has, and estimate what it costs.

    Compared with the mappings as last seen; the org is asked only about objects with new fields.
    """
    document = templates.fill(target_of(work).document, work.tenant.namespace)
    changes = _changes(work, document)
    rows = last_seen.rows(work.connection)
    org = lint.Org(work.tenant.namespace, _describes(work, changes), rows)
    findings = lint.check(document, work.connection.plan, org) + _exceptions(work.connection)
    return {
        "findings": [found.as_json() for found in findings],
        "changes": [
            {**change.as_json(), "cost": diff.cost_in_words(change, rows)} for change in changes
        ],
    }


def _changes(work: Work, document: Document) -> list[diff.Change]:
    if not work.connection.mappings.exists():
        refresh.refresh(work.connection)
    live = last_seen.document(work.connection)
    deleted = pruning.objects_to_delete(work, live)
    return [
        change
        for change in diff.compare(live, document)
        if change.kind != diff.Kind.OBJECT_REMOVED or change.object_name.lower() in deleted
    ]


def _describes(work: Work, changes: Iterable[diff.Change]) -> Mapping[str, frozenset[str] | None]:
    new = (diff.Kind.OBJECT_ADDED, diff.Kind.FIELD_ADDED)
    names = {
        change.object_name.lower(): change.object_name for change in changes if change.kind in new
    }
    return {
        key: heroku_mappings.describe(*work.address, name) for key, name in sorted(names.items())
    }


def _exceptions(connection: Connection) -> list[lint.Finding]:
    accepted = Drift.objects.filter(connection=connection, state=DriftState.ACCEPTED).first()
    if accepted is None:
        return []
    text = f"It has an accepted exception, which an import overwrites: {accepted.reason}"
    return [lint.Finding("exception", "document", text, lint.Severity.WARNING)]
