"""One tenant of a roll-out, one step at a time, until it has what it should have or has failed.

Worked on like a connection that is provisioned: each step looks before it acts, attempts are
counted before the work, and what came of it is written by the holder of the lease alone. The lease
is the connection's own, so a roll-out never meets the reconciler or staff's operations, and a
worker that dies costs time: the lease ends by itself, and the next one goes on where it was.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from connect.clients import http
from connect.mappings import lint
from connect.models import ItemStatus, Rollout, RolloutItem, RolloutKind, RolloutStatus, Stage, Step
from connect.rollouts import api_versions, sending, waves
from connect.rollouts.work import Work
from connect.runner import lease, refused_token, retry
from connect.runner.lease import LostLease
from connect.runner.outcomes import Blocked, Done, Facts, Outcome, Wait
from tenants.models import EventKind

log = logging.getLogger(__name__)

# Then no further step is begun in one run: the longest ones make three calls, each at most
# http.LIMITS.total long, and all of it has to end within settings.TASK_TIMEOUT.
RUN_SECONDS = 20.0
_BEGINNING = {RolloutKind.MAPPINGS: Step.SEND, RolloutKind.API_VERSION: Step.PAUSE}
_THEN = {Step.SEND: Step.PRUNE, Step.PAUSE: Step.CHANGE, Step.CHANGE: Step.RESUME}
_STEPS: dict[Step, Callable[[Work], Outcome]] = {
    Step.SEND: sending.send,
    Step.PRUNE: sending.prune,
    Step.PAUSE: api_versions.pause,
    Step.CHANGE: api_versions.change,
    Step.RESUME: api_versions.resume,
}
_CHECKS = {RolloutKind.MAPPINGS: sending.check, RolloutKind.API_VERSION: api_versions.check}
_FINISH = {RolloutKind.MAPPINGS: sending.finish, RolloutKind.API_VERSION: api_versions.finish}


def advance(item_id: int) -> None:
    """Do what is due for one tenant of a roll-out; return at once if nothing is."""
    stop_at = time.monotonic() + RUN_SECONDS
    while time.monotonic() < stop_at:
        work = _take(item_id)
        if work is None or not _take_one_step(work):
            return


def _take(item_id: int) -> Work | None:
    """Take the connection's lease and count the attempt; None if it is taken or nothing is due."""
    connection_id = RolloutItem.objects.only("connection_id").get(pk=item_id).connection_id
    claim = lease.take(connection_id, due=False, blocked=True)
    if claim is None:
        return None
    items = RolloutItem.objects.select_related("rollout", "target", "came_from")
    item = items.filter(waves.due(timezone.now()), pk=item_id).first()
    if item is None:
        claim.give_back()
        return None
    work = Work(item, claim)
    work.record(attempts=item.attempts + 1, queued_at=None, **_begun(work))
    return work


def _begun(work: Work) -> Facts:
    item, now = work.item, timezone.now()
    if item.status != ItemStatus.READY:
        return {}
    return {
        "status": ItemStatus.WORKING,
        "step": _BEGINNING[RolloutKind(item.rollout.kind)],
        "step_since": now,
        "started_at": now,
        "came_from": item.came_from or work.connection.template,
    }


def _take_one_step(work: Work) -> bool:
    """Run the item's step and settle what came of it; True: there is more to do."""
    token = http.tenant_in_hand.set(work.tenant.org_id)
    try:
        settle = _run(work)
        with transaction.atomic():
            return settle()
    except LostLease:
        log.info("lease lost item=%s", work.item.pk)
        return False
    finally:
        http.tenant_in_hand.reset(token)
        work.claim.give_back()


def _run(work: Work) -> Callable[[], bool]:
    item = work.item
    if work.connection.stage != Stage.LIVE or work.connection.blocked_at:
        left = work.connection.get_stage_display().lower()
        return lambda: _fail(work, f"It is no longer live: {left}.")
    if item.attempts > retry.GIVE_UP_AFTER:
        return lambda: _give_up(work, f"Gave up. {item.last_error or 'The work died.'}")
    try:
        if item.status == ItemStatus.CHECKING:
            facts = _CHECKS[RolloutKind(item.rollout.kind)](work)
            return lambda: _checked(work, facts)
        outcome = _STEPS[Step(item.step)](work)
    except LostLease:
        raise
    except Blocked as trouble:
        reason = str(trouble)
        return lambda: _give_up(work, reason)
    except Exception as trouble:  # any fault of one tenant stays that tenant's
        error = trouble
        return lambda: _trouble(work, error)
    return lambda: _settle(work, outcome)


# --- what came of it; each in one transaction -----------------------------------------------------


def _checked(work: Work, facts: Facts) -> bool:
    errors = [each for each in facts["findings"] if each["severity"] == "error"]
    status = ItemStatus.REFUSED if errors else ItemStatus.READY
    ended = {"finished_at": timezone.now()} if errors else {}
    work.record(**_CLEAN | facts, **ended, status=status, next_attempt_at=timezone.now())
    if errors:
        told = " ".join(f"{each['where']}: {each['text']}" for each in errors)
        work.note(EventKind.TROUBLE, f"{work.rollout}: nothing is sent. {told}")
    return False


_CLEAN: Facts = {"attempts": 0, "last_error": "", "last_request_id": "", "waiting_for": ""}


def _settle(work: Work, outcome: Outcome) -> bool:
    now = timezone.now()
    if isinstance(outcome, Wait):
        if outcome.patience and now - work.item.step_since > outcome.patience:
            return _give_up(work, f"Waited for {outcome.why}, without any change for too long.")
        until = outcome.until or now
        work.record(**_CLEAN | {"waiting_for": outcome.why}, **outcome.facts, next_attempt_at=until)
        return False
    then = outcome.facts.get("step") or _THEN.get(Step(work.item.step))
    if then is None:
        return _finish(work, outcome)
    facts = {**outcome.facts, "step": then}
    work.record(**_CLEAN, **facts, step_since=now, next_attempt_at=now)
    return True


def _finish(work: Work, outcome: Done) -> bool:
    work.claim.record(**_FINISH[RolloutKind(work.rollout.kind)](work))
    facts = {"status": ItemStatus.DONE, "finished_at": timezone.now()}
    work.record(**_CLEAN, **facts, **outcome.facts)
    work.note(EventKind.STAGE, f"{work.rollout}: {outcome.text}")
    return False


def _trouble(work: Work, error: Exception) -> bool:
    match error:
        case http.Unauthorized():
            return _token_refused(work, error)
        case http.Retryable():
            return _back_off(work, error.words, error.request_id, error.after)
        case http.RemoteError():
            return _give_up(work, error.words, error.request_id)
    log.error("step failed item=%s", work.item.pk, exc_info=error)
    return _back_off(work, f"An error in the portal itself: {error!r}", "", None)


def _back_off(work: Work, text: str, request_id: str, after: timedelta | None) -> bool:
    if work.item.attempts >= retry.GIVE_UP_AFTER:
        return _give_up(work, f"Gave up after {work.item.attempts} attempts. {text}", request_id)
    pause = retry.back_off(work.item.attempts, after, random.random())  # noqa: S311 (no secret)
    work.record(
        next_attempt_at=timezone.now() + pause,
        last_error=text,
        last_request_id=request_id,
        waiting_for="the next attempt",
    )
    return False


def _token_refused(work: Work, error: http.Unauthorized) -> bool:
    """The portal's own token is refused, so no tenant can go on: the whole roll-out waits."""
    refused_token.alert(error)
    rollout = Rollout.objects.select_for_update().get(pk=work.rollout.pk)
    if rollout.status == RolloutStatus.RUNNING:
        waves.pause_itself(rollout, f"{error.words}. Set HEROKU_API_TOKEN, then resume.")
    pause = refused_token.PAUSE
    why = "a working Heroku token: set HEROKU_API_TOKEN"
    work.record(**_CLEAN | {"waiting_for": why}, next_attempt_at=timezone.now() + pause)
    return False


def _give_up(work: Work, reason: str, request_id: str = "") -> bool:
    """End in failure; a connection that was paused for it is resumed before."""
    item = work.item
    if item.step in (Step.PAUSE, Step.CHANGE) and item.sent_at and not item.was_paused:
        now = timezone.now()
        facts = {"step": Step.RESUME, "step_since": now, "verdict": reason}
        work.record(**_CLEAN | {"last_request_id": request_id}, **facts, next_attempt_at=now)
        return True
    return _fail(work, reason, request_id)


def _fail(work: Work, reason: str, request_id: str = "") -> bool:
    if work.item.status == ItemStatus.CHECKING:
        unchecked = lint.Finding("unchecked", "org", f"It could not be checked. {reason}")
        return _checked(work, {"findings": [unchecked.as_json()], "last_request_id": request_id})
    work.record(
        status=ItemStatus.FAILED,
        finished_at=timezone.now(),
        last_error=reason,
        last_request_id=request_id,
        waiting_for="",
    )
    work.note(EventKind.TROUBLE, f"{work.rollout}: failed. {reason}", request_id)
    return False
