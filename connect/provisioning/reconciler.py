"""One connection, one step at a time, until it is live or somebody is waited for.

Each step looks before it acts, so doing it twice does nothing twice. What it found is written
together with the timeline's event in one transaction, and only by the holder of the lease: a lost
task, a killed worker or a restarted database costs time, never a tenant.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from connect import connections
from connect.clients import http
from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import pauses, stages, steps
from connect.runner import lease, refused_token, retry
from connect.runner.lease import Claim, LostLease
from connect.runner.outcomes import Blocked, Facts, Outcome, Wait
from tenants import consent, messages, timeline
from tenants.models import EventKind, MessageKind, Switch, SwitchName

log = logging.getLogger(__name__)

# Then no further step is begun in one run; the longest one makes three calls, each at most
# http.LIMITS.total long, and all of it has to end within settings.TASK_TIMEOUT.
RUN_SECONDS = 20.0
_CLEAN: Facts = {
    "attempts": 0,
    "last_error": "",
    "last_error_at": None,
    "last_request_id": "",
    "blocked_at": None,
    "blocked_reason": "",
}


def advance(connection_id: int, *, hurry: bool = False) -> None:
    """Do what is due for a connection; return at once if nothing is, or if somebody is at it.

    `hurry` looks now even if the next look is due later (somebody says that they are done).
    """
    stop_at = time.monotonic() + RUN_SECONDS
    while time.monotonic() < stop_at and not _switched_off(connection_id):
        claim = lease.take(connection_id, due=not hurry)
        if claim is None or not _take_one_step(claim):
            return
        hurry = False


def _switched_off(connection_id: int) -> bool:
    if not Switch.is_off(SwitchName.PROVISIONING):
        return False
    stage = Connection.objects.values_list("stage", flat=True).get(pk=connection_id)
    return stage not in (Stage.OFFBOARDING, Stage.LIVE)  # nothing is provisioned in these


def _take_one_step(claim: Claim) -> bool:
    """Run the step of the claim's stage and settle what came of it; True: there is more to do."""
    token = http.tenant_in_hand.set(claim.tenant.org_id)
    stage = http.stage_in_hand.set(claim.connection.stage)
    try:
        return _settled(claim, _run(claim))
    except LostLease:
        log.info("lease lost connection=%s", claim.connection.pk)
        return False
    finally:
        http.stage_in_hand.reset(stage)
        http.tenant_in_hand.reset(token)


def _settled(claim: Claim, settle: Callable[[], bool]) -> bool:
    try:
        return settle()
    except LostLease:
        raise
    except Exception as error:  # e.g. a deadlock: nothing was written, so it counts as a failed try
        return _fail(claim, error)


def _run(claim: Claim) -> Callable[[], bool]:
    if claim.connection.attempts > retry.GIVE_UP_AFTER:
        return lambda: _block(claim, f"Gave up. {claim.connection.last_error or 'The work died.'}")
    step = steps.STEPS.get(Stage(claim.connection.stage)) or pauses.step(claim.connection)
    if step is None:
        return lambda: _rest(claim)
    try:
        outcome = step(claim)
    except LostLease:
        raise
    except Blocked as trouble:
        reason = str(trouble)
        return lambda: _block(claim, reason)
    except Exception as trouble:  # any fault of one tenant stays that tenant's
        error = trouble
        return lambda: _fail(claim, error)
    return lambda: _settle(claim, outcome)


def _settle(claim: Claim, outcome: Outcome) -> bool:
    if isinstance(outcome, Wait):
        return _wait(claim, outcome)
    then = stages.NEXT[Stage(claim.connection.stage)]
    return _move(claim, then, outcome.text, outcome.facts, outcome.kind)


def _move(claim: Claim, stage: Stage, text: str, facts: Facts, kind: EventKind) -> bool:
    with transaction.atomic():
        enter(claim, stage, text, facts, kind=kind)
    return stage in steps.STEPS


def enter(
    claim: Claim,
    stage: Stage,
    text: str,
    facts: Facts | None = None,
    *,
    kind: EventKind = EventKind.STAGE,
    actor: str = timeline.PORTAL,
) -> None:
    """Move a connection to a stage, release its lease and write the event; call in a transaction.

    Raises stages.IllegalMove, and LostLease when the lease ran out.
    """
    now = timezone.now()
    stages.check_move(Stage(claim.connection.stage), stage)
    if stage == Stage.OFFBOARDED:
        facts = {**(facts or {}), "offboarded_at": now}
    claim.release(
        **_CLEAN,
        stage=stage,
        stage_since=now,
        next_attempt_at=now if stage in steps.STEPS else None,
        waiting_on=WaitingOn.PORTAL,
        waiting_for="",
        reminders_sent=0,
        paused_until=None,
        pause_note="",
        **(facts or {}),
    )
    timeline.note(claim.tenant, kind, text, actor=actor, stage=stage)
    if stage == Stage.LIVE:
        messages.queue(claim.tenant, MessageKind.LIVE, key=f"live:{claim.connection.pk}")
    if stage == Stage.OFFBOARDED:
        connections.finish(claim.connection)


def _wait(claim: Claim, wait: Wait) -> bool:
    connection, now = claim.connection, timezone.now()
    waited = now - connection.stage_since
    if wait.patience and waited > wait.patience:
        return _block(
            claim,
            f"Waiting for {wait.why}, without any change for {_in_words(wait.patience)}. "
            "Look at the add-on in Heroku's dashboard, then retry.",
        )
    news = wait.why not in ("", connection.waiting_for)
    with transaction.atomic():
        claim.release(
            **_CLEAN,
            **wait.facts,
            next_attempt_at=wait.until,
            waiting_for=wait.why,
            waiting_on=wait.on,
        )
        if news:
            timeline.note(claim.tenant, EventKind.WAITING, f"Waiting for {wait.why}.", on=wait.on)
    return False


def _fail(claim: Claim, error: Exception) -> bool:
    match error:
        case http.Unauthorized():
            return _token_refused(claim, error)
        case http.Retryable():
            return _back_off(claim, error.words, error.request_id, error.after)
        case http.RemoteError():
            return _block(claim, error.words, error.request_id)
        case consent.GrantLost():
            text = "The Salesforce sign-in has to be asked for again."
            return _move(claim, Stage.WAITING_FOR_CONSENT, text, {}, EventKind.STAGE)
        case consent.GrantTrouble(retry=True):
            return _back_off(claim, str(error), "", None)
        case consent.GrantTrouble():
            return _block(claim, str(error))
    log.error("step failed connection=%s", claim.connection.pk, exc_info=error)
    return _back_off(claim, f"An error in the portal itself: {error!r}", "", None)


def _back_off(claim: Claim, text: str, request_id: str, after: timedelta | None) -> bool:
    connection, now = claim.connection, timezone.now()
    if connection.attempts >= retry.GIVE_UP_AFTER:
        return _block(claim, f"Gave up after {connection.attempts} attempts. {text}", request_id)
    pause = retry.back_off(connection.attempts, after, random.random())  # noqa: S311 (no secret)
    with transaction.atomic():
        news = text != connection.last_error
        claim.release(
            next_attempt_at=now + pause,
            last_error=text,
            last_error_at=now,
            last_request_id=request_id,
            waiting_on=WaitingOn.PORTAL,
            waiting_for="the next attempt",
        )
        if news:
            timeline.note(
                claim.tenant, EventKind.TROUBLE, f"{text} Trying again.", request_id=request_id
            )
    return False


def _token_refused(claim: Claim, error: http.Unauthorized) -> bool:
    """The portal's own Heroku token is refused: every tenant waits, staff hear of it once a day."""
    refused_token.alert(error)
    why = "a working Heroku token: set HEROKU_API_TOKEN"
    return _wait(claim, Wait(timezone.now() + refused_token.PAUSE, why, WaitingOn.STAFF))


def _block(claim: Claim, reason: str, request_id: str = "") -> bool:
    connection, now = claim.connection, timezone.now()
    with transaction.atomic():
        claim.release(
            blocked_at=now,
            blocked_reason=reason,
            last_error=reason,
            last_error_at=now,
            last_request_id=request_id,
            waiting_on=WaitingOn.STAFF,
            waiting_for="staff",
        )
        timeline.note(
            claim.tenant, EventKind.BLOCKED, reason, stage=connection.stage, request_id=request_id
        )
        if not connection.is_snoozed(now):
            messages.alert_staff(
                claim.tenant,
                key=_alert_key(connection, reason),
                subject=f"{claim.tenant} is blocked: {Stage(connection.stage).label}",
                text=reason,
            )
    return False


def _alert_key(connection: Connection, reason: str) -> str:
    """The same cause in the same stay at a stage is told once, however often staff retry."""
    cause = hashlib.sha256(reason.encode()).hexdigest()[:16]
    return f"blocked:{connection.pk}:{connection.stage_since:%Y%m%d%H%M%S}:{cause}"


def _rest(claim: Claim) -> bool:
    claim.release(attempts=0, next_attempt_at=None)
    return False


def _in_words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"
