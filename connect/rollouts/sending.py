"""Sending a version of the mappings to one tenant, and waiting until it is loaded.

An import is stored before it is sent, and looked for afterwards: Heroku Connect answers at once,
shows the old state for some seconds, and only the mappings themselves prove that it took the
import. So a lost answer or a dead worker never sends again what has arrived.
"""

from datetime import timedelta

from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.clients.connection_detail import ConnectionDetail
from connect.health import refresh, restarting, states
from connect.mappings import arrival, placeholders
from connect.mappings.documents import MappingDocument
from connect.models import BlockedKind, MappingTemplate, WaitingOn
from connect.rollouts.claim import ItemClaim
from connect.runner.outcomes import Blocked, Done, StepOutcome, Wait
from connect.runner.polling import HEROKU_PATIENCE, IMPORT_GRACE, LOADING_PATIENCE, poll

FIRST_POLL_AFTER = timedelta(seconds=15)  # sooner there is nothing to see: only a call is spent
IDLE_PAUSE = timedelta(seconds=10)
MAX_SENDS = 3
_TAKING = "Heroku Connect to take the mappings"


def target_of(claim: ItemClaim) -> MappingTemplate:
    """Return the version that the tenant is to have. Raises Blocked if there is none."""
    if claim.item.target is None:
        raise Blocked(BlockedKind.NO_VERSION, "It has no target version.")
    return claim.item.target


def send(claim: ItemClaim) -> StepOutcome:
    """Send the import once, and again only if nothing of it is seen after a good while."""
    item, now = claim.item, timezone.now()
    document = placeholders.fill(target_of(claim).document, claim.tenant.namespace)
    seen = heroku_connect.detail(claim.remote, deep=True)
    restarting.require_working(claim.connection_claim, item.attempts, seen.state)
    if seen.state != states.IMPORTING and _has_arrived(claim, document, seen):
        return _loaded(claim, document, seen)
    if item.sent_at and (seen.state == states.IMPORTING or now - item.sent_at < IMPORT_GRACE):
        return poll(_TAKING, item.sent_at)
    if seen.state == states.PAUSED:
        raise Blocked(BlockedKind.PAUSED, "It is paused and cannot import. Resume it, then retry.")
    # It takes an import only when idle.
    if seen.state != states.IDLE:
        return _wait_until_idle(f"Heroku Connect to be idle; it is {seen.state}")
    # Heroku Connect reports no error for some imports that it drops, so counting ends it.
    if item.sends >= MAX_SENDS:
        raise Blocked(
            BlockedKind.IMPORT_IGNORED,
            f"The import was sent {item.sends} times without any effect. Diagnose "
            "the connection; a relationship's external id without “indexes” has this effect.",
        )
    return _import(claim, document, seen)


def _has_arrived(claim: ItemClaim, document: MappingDocument, seen: ConnectionDetail) -> bool:
    # The same fields may have been there before, so after sending only a new revision counts.
    if claim.item.sent_at:
        return arrival.has_arrived(document, seen.mappings, claim.item.revisions)
    return arrival.matches(document, seen.mappings)


def _import(claim: ItemClaim, document: MappingDocument, seen: ConnectionDetail) -> StepOutcome:
    item, now = claim.item, timezone.now()
    revisions = arrival.revisions(seen.mappings)
    # Before the call, with the revisions of now: later only they tell old from new.
    claim.record(sent_at=now, sends=item.sends + 1, revisions=revisions)
    try:
        heroku_connect.import_mappings(claim.remote, document)
    except http.Uncertain:  # it may have arrived: the next look tells
        raise
    except http.Conflict as busy:  # it became busy after the check
        claim.record(sent_at=None, sends=item.sends - 1)
        return _wait_until_idle(busy.words)
    except http.RemoteError:
        claim.record(sent_at=None, sends=item.sends - 1)  # refused for certain
        raise
    return Wait(now + FIRST_POLL_AFTER, _TAKING, WaitingOn.HEROKU, HEROKU_PATIENCE)


def _wait_until_idle(reason: str) -> Wait:
    return Wait(timezone.now() + IDLE_PAUSE, reason, WaitingOn.HEROKU, HEROKU_PATIENCE)


def _loaded(claim: ItemClaim, document: MappingDocument, seen: ConnectionDetail) -> StepOutcome:
    # Mappings outside the version are not waited for: they may be broken for long.
    names = {each["object_name"].lower() for each in document["mappings"]}
    ours = [found for found in seen.mappings if found.object_name.lower() in names]
    if any(states.is_broken_mapping(each.state) for each in ours):
        refresh.store(claim.connection, seen)  # staff see which, also if the roll-out fails
        restarting.require_loadable(claim.connection_claim, claim.item.attempts, ours)
    loading = [each.object_name for each in ours if states.is_loading_mapping(each.state)]
    if loading:
        since = claim.item.sent_at or claim.item.step_since
        return poll(f"Heroku Connect to load {', '.join(loading)}", since, LOADING_PATIENCE)
    refresh.store(claim.connection, seen)
    return Done("Sent and loaded.")
