"""What is done to a tenant to bring it a version of the mappings: check, send, load, delete.

An import is written down before it is sent, and afterwards it is looked for: Heroku Connect answers
at once, goes on showing the old state for some seconds, and only the mappings themselves prove that
it took the import. So a lost answer or a dead worker never sends twice what has arrived.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connect.clients import heroku_connect, heroku_mappings, http
from connect.clients.heroku_connect import Detail
from connect.health import refresh, states
from connect.mappings import diff, drift, lint, templates
from connect.mappings.templates import Document
from connect.models import Connection, Drift, DriftState, MappingTemplate, Prune, WaitingOn
from connect.rollouts.work import Work
from connect.runner import retry
from connect.runner.outcomes import Blocked, Done, Facts, Outcome, Wait

FIRST_LOOK = timedelta(seconds=15)  # sooner there is nothing to be seen: only a call is spent
IMPORT_GRACE = timedelta(seconds=60)  # Heroku Connect shows an import some seconds after the POST
IDLE_PAUSE = timedelta(seconds=10)
TAKING_PATIENCE = timedelta(minutes=45)
LOADING_PATIENCE = timedelta(hours=24)
MOST_SENDS = 3
PRUNE_SECONDS = 20.0


def check(work: Work) -> Facts:
    """Lint what the tenant would get, against what its org has, and reckon what it costs.

    Compared with the mappings as last seen; only what is new in an object is asked of its org.
    """
    target = _target(work)
    document = templates.fill(target.document, work.tenant.namespace)
    live = _last_seen(work.connection)
    changes = [
        change
        for change in diff.compare(live, document)
        if change.kind != diff.Kind.OBJECT_REMOVED
        or change.object_name.lower() in _doomed(work, live)
    ]
    rows = rows_of(work.connection)
    org = lint.Org(work.tenant.namespace, _describes(work, changes), rows)
    findings = lint.check(document, work.connection.plan, org) + _exceptions(work.connection)
    return {
        "findings": [found.as_json() for found in findings],
        "changes": [
            {**change.as_json(), "cost": diff.cost_in_words(change, rows)} for change in changes
        ],
    }


def rows_of(connection: Connection) -> dict[str, int | None]:
    """Return how many rows each object has, by its lower-case name, as last seen."""
    rows = connection.mappings.values_list("object_name", "rows_in_salesforce", "rows_in_database")
    return {name.lower(): there if there is not None else here for name, there, here in rows}


def _target(work: Work) -> MappingTemplate:
    if work.item.target is None:
        raise Blocked("It has no version to go to.")
    return work.item.target


def _last_seen(connection: Connection) -> Document:
    if not connection.mappings.exists():
        refresh.refresh(connection)
    return stored_document(connection)


def stored_document(connection: Connection) -> Document:
    """Return a connection's mappings, as last seen, as a document."""
    rows = connection.mappings.values_list("object_name", "config")
    mappings = [{"object_name": name, "config": config} for name, config in rows]
    return {"version": 1, "mappings": mappings}


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


def send(work: Work) -> Outcome:
    """Send the import once, and again only when nothing of it is seen after a good while."""
    item, now = work.item, timezone.now()
    document = templates.fill(_target(work).document, work.tenant.namespace)
    seen = heroku_connect.detail(*work.address, deep=True)
    if states.is_broken(seen.state):
        raise Blocked(f"Heroku Connect reports {seen.state}: {states.advice(seen.state)}")
    if seen.state != states.IMPORTING and _has_arrived(work, document, seen):
        return _loaded(work, document, seen)
    if item.sent_at and (seen.state == states.IMPORTING or now - item.sent_at < IMPORT_GRACE):
        return _poll(work, "Heroku Connect to take the mappings", TAKING_PATIENCE)
    if seen.state == states.PAUSED:
        raise Blocked("It is paused, so it takes no import: resume it, then try again.")
    if seen.state != states.IDLE:
        why = f"Heroku Connect to be idle; it is {seen.state}"
        return Wait(now + IDLE_PAUSE, why, WaitingOn.HEROKU, TAKING_PATIENCE)
    if item.sends >= MOST_SENDS:
        raise Blocked(
            f"The import was sent {item.sends} times and nothing of it is to be seen. Diagnose "
            "the connection; a relationship's external id without “indexes” has this effect."
        )
    return _import(work, document, seen)


def _has_arrived(work: Work, document: Document, seen: Detail) -> bool:
    if work.item.sent_at:
        return templates.has_arrived(document, seen.mappings, work.item.revisions)
    return templates.is_applied(document, seen.mappings)


def _import(work: Work, document: Document, seen: Detail) -> Outcome:
    item, now = work.item, timezone.now()
    revisions = templates.revisions(seen.mappings)
    work.record(sent_at=now, sends=item.sends + 1, revisions=revisions)
    try:
        heroku_connect.import_mappings(*work.address, document)
    except http.Uncertain:
        raise
    except http.Conflict as busy:  # it has begun something else since the look
        work.record(sent_at=None, sends=item.sends - 1)
        return Wait(now + IDLE_PAUSE, busy.words, WaitingOn.HEROKU, TAKING_PATIENCE)
    except http.RemoteError:
        work.record(sent_at=None, sends=item.sends - 1)  # refused for certain
        raise
    return Wait(now + FIRST_LOOK, "Heroku Connect to take the mappings", WaitingOn.HEROKU)


def _loaded(work: Work, document: Document, seen: Detail) -> Outcome:
    names = {each["object_name"].lower() for each in document["mappings"]}
    ours = [found for found in seen.mappings if found.object_name.lower() in names]
    broken = [each for each in ours if states.is_broken_mapping(each.state)]
    if broken:
        refresh.store(work.connection, seen)
        named = ", ".join(f"{each.object_name} ({each.state})" for each in broken)
        raise Blocked(f"Mappings cannot be loaded: {named}. Does the org have all their fields?")
    loading = [each.object_name for each in ours if states.is_loading_mapping(each.state)]
    if loading:
        return _poll(work, f"Heroku Connect to load {', '.join(loading)}", LOADING_PATIENCE)
    refresh.store(work.connection, seen)
    return Done("Sent and loaded.")


def _poll(work: Work, why: str, patience: timedelta) -> Wait:
    now = timezone.now()
    pause = retry.poll_machine(now - (work.item.sent_at or work.item.step_since))
    return Wait(now + pause, why, WaitingOn.HEROKU, patience)


def prune(work: Work) -> Outcome:
    """Delete the mappings that are not to stay, where that was asked for."""
    stop_at = time.monotonic() + PRUNE_SECONDS
    doomed = _doomed(work, stored_document(work.connection))
    gone = [row for row in work.connection.mappings.all() if row.object_name.lower() in doomed]
    for row in gone:
        if time.monotonic() > stop_at:
            return Wait(timezone.now(), "the deletion of further mappings", WaitingOn.PORTAL)
        heroku_mappings.delete_mapping(work.connection.region_url, row.mapping_id)
        row.delete()
    deleted = ", ".join(row.object_name for row in gone)
    pruned = f" Deleted: {deleted}." if gone else ""
    return Done(f"{_target(work)} is there and loaded.{pruned}")


def _doomed(work: Work, live: Document) -> set[str]:
    """Return the lower-case names of the objects to delete: never one of the version itself."""
    policy = work.rollout.prune
    if policy == Prune.KEEP:
        return set()
    wanted = _names(templates.fill(_target(work).document, work.tenant.namespace))
    if policy == Prune.ALL:
        return _names(live) - wanted
    before = work.item.came_from or work.connection.template
    if before is None:
        return set()
    return _names(templates.fill(before.document, work.tenant.namespace)) - wanted


def _names(document: Document) -> set[str]:
    return {each["object_name"].lower() for each in document["mappings"]}


def finish(work: Work) -> dict[str, Any]:
    """Return what the connection has now, after noting how it compares with its version."""
    target = _target(work)
    work.connection.template = target
    drift.store(work.connection, stored_document(work.connection))
    return {"template": target}
