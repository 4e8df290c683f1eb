"""Drift: comparing live mappings with the tenant's version, accepting and restoring."""

import hashlib
import json
import logging
import time
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect.clients import budget, heroku_connect, http
from connect.formats import counted
from connect.mappings import diff, placeholders
from connect.mappings.changes import Change
from connect.mappings.documents import MappingDocument
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


class DriftRefused(Exception):
    """There is nothing to accept or restore. The text is the reason."""


def compare_due() -> int:
    """Compare the live connections whose last comparison is a day old; return how many.

    One call each. Stops after a minute; the next run continues. Skips tenants in a running
    roll-out. A failure of one tenant does not stop the others.
    """
    stop_at = time.monotonic() + MAX_RUN_SECONDS
    done = 0
    for connection in _due().iterator(chunk_size=100):
        # Asked before each call, because provisioning may use up the budget at the same time.
        if time.monotonic() > stop_at or not budget.allows_background_work():
            break
        compare(connection)
        done += 1
    return done


def _due() -> QuerySet[Connection]:
    at_work = RolloutItem.objects.filter(connection=OuterRef("pk"), status__in=OPEN_STATUSES)
    old = Q(drift=None) | Q(drift__checked_at=None)
    old |= Q(drift__checked_at__lte=timezone.now() - INTERVAL)
    # A roll-out changes the mappings right now, so a comparison would see it half done.
    live = Connection.objects.filter(old, ~Exists(at_work), stage=Stage.LIVE)
    return live.select_related("tenant", "template").order_by(
        F("drift__checked_at").asc(nulls_first=True)
    )


def compare(connection: Connection) -> Drift:
    """Compare a connection's live mappings with its version and store the result."""
    with http.working_for(connection.tenant.org_id):
        try:
            live = heroku_connect.export(connection.region_url, connection.connection_id)
        except http.RemoteError as error:
            log.warning("drift unknown connection=%s error=%s", connection.pk, error)
            return _store(connection, error=error.words)
    return store(connection, live)


def store(connection: Connection, live: MappingDocument) -> Drift:
    """Store the differences between live mappings and the connection's version."""
    if connection.template is None:
        return _store(connection, error="It has no mapping version.")
    wanted = placeholders.fill(connection.template.document, connection.tenant.namespace)
    try:
        return _store(connection, diff.compare(live, wanted))
    # A peer's document of another shape is its fault, and must not stop the other tenants.
    except (KeyError, TypeError, AttributeError):
        return _store(connection, error="Heroku Connect's export cannot be read.")


def _store(connection: Connection, changes: list[Change] | None = None, error: str = "") -> Drift:
    now = timezone.now()
    with transaction.atomic():
        # Locked, so that a comparison does not overwrite what staff accept at the same moment.
        drift, _ = Drift.objects.select_for_update().get_or_create(connection=connection)
        drift.checked_at, drift.error = now, error
        # After a failed comparison the last result still stands.
        if changes is not None:
            drift.template = connection.template
            drift.changes = [change.as_json() for change in changes]
            drift.fingerprint = _fingerprint(changes)
            _set_state(drift, _state_of(drift))
        drift.save()
    return drift


def _fingerprint(changes: Collection[Change]) -> str:
    """Return a hash of the differences; "" if there are none."""
    if not changes:
        return ""
    # Sorted keys: the same differences have to give the same text.
    text = json.dumps([change.as_json() for change in changes], sort_keys=True)
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
        differences = counted(len(drift.changes), "difference")
        text = f"The live mappings have drifted from {drift.template}: {differences}."
        timeline.note(drift.connection.tenant, EventKind.TROUBLE, text)
    elif state == DriftState.SAME and before == DriftState.DRIFTED:
        text = f"The live mappings match {drift.template} again."
        timeline.note(drift.connection.tenant, EventKind.STAGE, text)


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
