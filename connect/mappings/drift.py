"""Drift: comparing live mappings with the tenant's version, and with what its org says.

The version tells what a tenant should have. The org tells what it can have: a field that was
removed there breaks a mapping that has not changed at all.
"""

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect.clients import budget, heroku_connect, http
from connect.clients.accounts import account_of, remote_of
from connect.formats import counted
from connect.mappings import asking, diff, org_changes, placeholders
from connect.mappings.asking import Described
from connect.mappings.changes import Change
from connect.mappings.documents import MappingDocument
from connect.mappings.org_changes import OrgChange
from connect.models import (
    OPEN_STATUSES,
    Connection,
    Drift,
    DriftState,
    RolloutItem,
    Stage,
)
from tenants import timeline
from tenants.models import EventKind

log = logging.getLogger(__name__)

INTERVAL = timedelta(hours=24)
MAX_RUN_SECONDS = 60.0
# A peer's document of another shape is its fault, and must not stop the other tenants.
UNREADABLE = "Heroku Connect's export cannot be read."
_UNREADABLE = (KeyError, TypeError, AttributeError)


class DriftRefused(Exception):
    """There is nothing to accept or restore. The text is the reason."""


def compare_due() -> int:
    """Compare the live connections whose last comparison is a day old; return how many.

    One call each, and one for each mapped object. Stops after a minute; the next run continues.
    Skips tenants in a running roll-out. A failure of one tenant does not stop the others.
    """
    stop_at = time.monotonic() + MAX_RUN_SECONDS
    done = 0
    for connection in _due().iterator(chunk_size=100):
        # Asked before each call, because provisioning may use up the budget at the same time.
        if time.monotonic() > stop_at:
            break
        if not budget.allows_background_work(account_of(connection).name, [budget.CONNECT]):
            continue
        compare(connection)
        done += 1
    return done


def _due() -> QuerySet[Connection]:
    at_work = RolloutItem.objects.filter(connection=OuterRef("pk"), status__in=OPEN_STATUSES)
    old = Q(drift=None) | Q(drift__checked_at=None)
    old |= Q(drift__checked_at__lte=timezone.now() - INTERVAL)
    # A roll-out changes the mappings right now, so a comparison would see it half done.
    live = Connection.objects.filter(old, ~Exists(at_work), stage=Stage.LIVE)
    return live.select_related("tenant", "template", "host_app").order_by(
        F("drift__checked_at").asc(nulls_first=True)
    )


@dataclass(frozen=True)
class Look:
    """A connection's live mappings and what its org says of them, or the error."""

    connection: Connection
    live: MappingDocument | None = None
    described: Described | None = None
    error: str = ""


def compare(connection: Connection) -> Drift:
    """Compare a connection's live mappings with its version and its org; store the result."""
    return note(look(connection))


def note(seen: Look) -> Drift:
    """Compare what was seen with the connection's version; store the result."""
    if seen.live is None:
        return _store(seen.connection, error=seen.error)
    return store(seen.connection, seen.live, seen.described)


def look(connection: Connection) -> Look:
    """Ask for a connection's live mappings, and its org about them. Stores nothing."""
    with http.working_for(connection.tenant.org_id):
        try:
            live = heroku_connect.export(remote_of(connection))
            described = asking.ask(asking.of(connection), live)
            left_out = asking.left_out(live, described)
        except http.RemoteError as error:
            log.warning("drift unknown connection=%s error=%s", connection.pk, error)
            return Look(connection, error=error.words)
        except _UNREADABLE:
            return Look(connection, error=UNREADABLE)
    if left_out:  # else what is unknown would count as unchanged
        return Look(connection, error=asking.TOO_SLOW)
    return Look(connection, live, described)


def store(
    connection: Connection, live: MappingDocument, described: Described | None = None
) -> Drift:
    """Store the differences between live mappings and the connection's version.

    With what the org says of the mapped objects, also what has changed there.
    """
    if connection.template is None:
        return _store(connection, error="It has no mapping version.")
    wanted = placeholders.fill(connection.template.document, connection.tenant.namespace)
    try:
        return _store(connection, diff.compare(live, wanted), live, described)
    except _UNREADABLE:
        return _store(connection, error=UNREADABLE)


def _store(
    connection: Connection,
    changes: list[Change] | None = None,
    live: MappingDocument | None = None,
    described: Described | None = None,
    error: str = "",
) -> Drift:
    now = timezone.now()
    with transaction.atomic():
        # Locked, so that a comparison does not overwrite what staff accept at the same moment.
        drift, _ = Drift.objects.select_for_update().get_or_create(connection=connection)
        drift.checked_at, drift.error = now, error
        # After a failed comparison the last result still stands.
        if changes is not None:
            drift.template = connection.template
            drift.changes = [change.as_json() for change in changes]
            if live is not None:
                _note_org(drift, live, described)
            drift.fingerprint = _fingerprint(drift)
            _set_state(drift, _state_of(drift))
        drift.save()
    return drift


def _note_org(drift: Drift, live: MappingDocument, described: Described | None) -> None:
    if described is None:  # the org was not asked again
        found = org_changes.remaining(org_changes.from_json(drift.org_changes), live)
    else:
        namespace = drift.connection.tenant.namespace
        found = org_changes.find(live, drift.described, described, namespace)
    drift.org_changes = [change.as_json() for change in found]
    # While something has changed, it is held against the describe from before the change.
    if described is not None and not found:
        drift.described = org_changes.stored(described)


def remember(connection: Connection, described: Described) -> None:
    """Keep what an org says of objects that were not known before, for later comparisons."""
    with transaction.atomic():
        drift, _ = Drift.objects.select_for_update().get_or_create(connection=connection)
        drift.described = {**org_changes.stored(described), **drift.described}
        drift.save(update_fields=["described"])


def faults(drift: Drift) -> list[OrgChange]:
    """Return the changes in the org that the mappings do not follow yet."""
    return [each for each in org_changes.from_json(drift.org_changes) if each.is_fault]


def _fingerprint(drift: Drift) -> str:
    """Return a hash of the differences and of the org's changes; "" if there are none."""
    found = [*drift.changes, *(each.as_json() for each in faults(drift))]
    if not found:
        return ""
    # Sorted keys: the same differences have to give the same text.
    text = json.dumps(found, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _state_of(drift: Drift) -> DriftState:
    if not drift.fingerprint:
        return DriftState.SAME
    accepted = drift.fingerprint == drift.accepted_fingerprint
    return DriftState.ACCEPTED if accepted else DriftState.DRIFTED


def _set_state(drift: Drift, state: DriftState) -> None:
    """Set the state; note on the timeline when drift begins or ends."""
    if drift.state == state:
        return
    before, drift.state, drift.since = drift.state, state, timezone.now()
    if state == DriftState.DRIFTED:
        timeline.note(drift.connection.tenant, EventKind.TROUBLE, _described(drift))
    elif state == DriftState.SAME and before == DriftState.DRIFTED:
        text = f"The live mappings match {drift.template} again."
        timeline.note(drift.connection.tenant, EventKind.STAGE, text)


def _described(drift: Drift) -> str:
    differences = counted(len(drift.changes), "difference")
    parts = [f"The live mappings have drifted from {drift.template}: {differences}."]
    broken = faults(drift)
    if broken:
        parts = parts if drift.changes else []
        parts.append(f"The org has changed what is mapped: {' '.join(map(str, broken))}")
    return " ".join(parts)


def accept(drift_id: int, fingerprint: str, actor: str, reason: str) -> Drift:
    """Accept the differences as an exception, until they change.

    `fingerprint` identifies the differences on the user's page. Raises DriftRefused.
    """
    with transaction.atomic():
        drift = Drift.objects.select_for_update().get(pk=drift_id)
        if drift.state != DriftState.DRIFTED:
            raise DriftRefused("It has not drifted")
        # Staff must not accept differences that their page did not show.
        if drift.fingerprint != fingerprint:
            raise DriftRefused("The differences have changed: reload the page")
        drift.accepted_fingerprint = drift.fingerprint
        drift.accepted_by, drift.accepted_at, drift.reason = actor, timezone.now(), reason
        _set_state(drift, DriftState.ACCEPTED)
        drift.save()
        timeline.note(
            drift.connection.tenant,
            EventKind.STAFF_ACTION,
            f"Accepted the differences from {drift.template} as an exception: {reason}",
            actor=actor,
        )
    return drift
