"""Where tenants have strayed from the version that they should have."""

import hashlib
import json
import logging
import time
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect.clients import heroku, heroku_connect, http
from connect.mappings import diff, templates
from connect.models import (
    OPEN,
    Connection,
    Drift,
    DriftState,
    RolloutItem,
    Stage,
)
from tenants import timeline
from tenants.models import EventKind

log = logging.getLogger(__name__)

EVERY = timedelta(hours=24)
RUN_SECONDS = 60.0


def compare_due() -> int:
    """Compare the live connections whose last comparison is a day old; return how many.

    One call each. Stops after a minute and leaves the rest to the next run; leaves out what a
    roll-out is at. One tenant's failure never stops the others.
    """
    stop_at = time.monotonic() + RUN_SECONDS
    done = 0
    for connection in _due().iterator(chunk_size=100):
        if time.monotonic() > stop_at or not heroku.budget_allows(heroku.Priority.BACKGROUND):
            break
        compare(connection)
        done += 1
    return done


def _due() -> QuerySet[Connection]:
    at_work = RolloutItem.objects.filter(connection=OuterRef("pk"), status__in=OPEN)
    old = Q(drift=None) | Q(drift__checked_at=None)
    old |= Q(drift__checked_at__lte=timezone.now() - EVERY)
    live = Connection.objects.filter(old, ~Exists(at_work), stage=Stage.LIVE)
    return live.select_related("tenant", "template").order_by(
        F("drift__checked_at").asc(nulls_first=True)
    )


def compare(connection: Connection) -> Drift:
    """Compare a connection's live mappings with its version and keep what was found."""
    token = http.tenant_in_hand.set(connection.tenant.org_id)
    try:
        live = heroku_connect.export(connection.region_url, connection.connection_id)
    except http.RemoteError as trouble:
        log.warning("drift unknown connection=%s error=%s", connection.pk, trouble)
        return _keep(connection, error=trouble.words)
    finally:
        http.tenant_in_hand.reset(token)
    return store(connection, live)


def store(connection: Connection, live: templates.Document) -> Drift:
    """Keep how a document of live mappings compares with the connection's version."""
    if connection.template is None:
        return _keep(connection, error="The portal never gave it a version.")
    wanted = templates.fill(connection.template.document, connection.tenant.namespace)
    try:
        return _keep(connection, diff.compare(live, wanted))
    except (KeyError, TypeError, AttributeError):
        return _keep(connection, error="Heroku Connect exported something that cannot be read.")


def _keep(
    connection: Connection, changes: list[diff.Change] | None = None, error: str = ""
) -> Drift:
    now = timezone.now()
    with transaction.atomic():
        drift, _ = Drift.objects.select_for_update().get_or_create(connection=connection)
        drift.checked_at, drift.error = now, error
        if changes is not None:
            drift.template = connection.template
            drift.changes = [change.as_json() for change in changes]
            drift.fingerprint = _fingerprint(changes)
            _enter(drift, _judge(drift))
        drift.save()
    return drift


def _fingerprint(changes: Collection[diff.Change]) -> str:
    """Return what tells one set of differences from another; "" for none."""
    if not changes:
        return ""
    text = json.dumps([change.as_json() for change in changes], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _judge(drift: Drift) -> DriftState:
    if not drift.fingerprint:
        return DriftState.SAME
    accepted = drift.fingerprint == drift.accepted_fingerprint
    return DriftState.ACCEPTED if accepted else DriftState.DRIFTED


def _enter(drift: Drift, state: DriftState) -> None:
    """Put it in a state; the tenant's timeline is told of a change for the worse or the better."""
    if drift.state == state:
        return
    before, drift.state, drift.since = drift.state, state, timezone.now()
    if state == DriftState.DRIFTED:
        count = len(drift.changes)
        differences = f"{count} difference{'' if count == 1 else 's'}"
        text = f"The live mappings have drifted from {drift.template}: {differences}."
        timeline.note(drift.connection.tenant, EventKind.TROUBLE, text)
    elif state == DriftState.SAME and before == DriftState.DRIFTED:
        text = f"The live mappings are as {drift.template} says again."
        timeline.note(drift.connection.tenant, EventKind.STAGE, text)


class NotDrifted(Exception):
    """There is nothing to accept, or nothing to bring back. The text says why."""


def accept(drift_id: int, fingerprint: str, actor: str, reason: str) -> Drift:
    """Accept what was found as an exception, until it differs in another way.

    `fingerprint` is of the differences that the person saw. Raises NotDrifted.
    """
    with transaction.atomic():
        drift = Drift.objects.select_for_update().get(pk=drift_id)
        if drift.state != DriftState.DRIFTED:
            raise NotDrifted("It has not drifted")
        if drift.fingerprint != fingerprint:
            raise NotDrifted("It differs in another way by now: look at it again")
        drift.accepted_fingerprint = drift.fingerprint
        drift.accepted_by, drift.accepted_at, drift.reason = actor, timezone.now(), reason
        _enter(drift, DriftState.ACCEPTED)
        drift.save()
        timeline.note(
            drift.connection.tenant,
            EventKind.STAFF_ACTION,
            f"Accepted the differences from {drift.template} as an exception: {reason}",
            actor=actor,
        )
    return drift
