"""Provisioning: one connection, one step at a time, until it is live or waits for a person.

The engine in connect.runner.run does the work; here is what it means for a connection.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import NullIf
from django.utils import timezone

from connect import remedies, switches
from connect.clients.accounts import account_of
from connect.formats import counted, sentence
from connect.models import ENDING, Connection, Stage, WaitingOn
from connect.provisioning import pauses, stages, steps
from connect.runner import beside, lease, patience, retry, run
from connect.runner.job import Job
from connect.runner.lease import Claim
from connect.runner.outcomes import Block, Done, Retry, StepOutcome, Wait
from tenants import grants, leases, messages, timeline
from tenants.models import EventKind, Tenant
from tenants.queue import enqueue

# A wait for the subscriber shows that the step works again. A wait for Heroku does not, nor does
# one for staff, who may have to replace the token.
_PROVE_SUCCESS = (WaitingOn.SUBSCRIBER, WaitingOn.PORTAL)
# Several threads and processes look at once, and should not all choose the same one.
_CHOICES = 10
_NOTHING_TO_DO = Wait(None, "", WaitingOn.PORTAL)


def advance(connection_id: int, mark: str = "") -> None:
    """Do what is due for a connection; return at once if nothing is.

    Also return at once if another worker holds the lease. At the same time each of the worker's
    other threads does what is due for another one. `mark`: the row's `queued_at`, in ISO 8601, that
    tells of this task; "" takes away any.
    """
    # Another mark tells of another task, which is in the queue still.
    left = NullIf("queued_at", Value(mark, output_field=DateTimeField())) if mark else None
    claim = _take(connection_id, queued_at=left)
    if claim is None:
        own = Q(queued_at=mark) if mark else Q(queued_at__isnull=False)
        Connection.objects.filter(own, pk=connection_id).update(queued_at=None)
        return
    with beside.others(_advance_another):
        _run(claim)


def _advance_another() -> None:
    """Do what is due for one of the connections that have waited longest, if one is free."""
    now = timezone.now()
    free = Connection.objects.filter(leases.free(now), blocked_at=None)
    due = free.filter(not_switched_off(), next_attempt_at__lte=now)
    waiting = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:_CHOICES])
    # Its own task may be in the queue still, so its mark is left alone.
    if waiting and (claim := _take(random.choice(waiting))):  # noqa: S311 (no secret)
        _run(claim)


def _run(first: Claim) -> None:
    if run.run(_jobs(first)):
        first.end()  # all claims of a run have one key
        hurry(first.connection.pk, Q(next_attempt_at__lte=timezone.now()))


def hurry(connection_id: int, wanted: Q | None = None) -> None:
    """Make a connection due at once and queue its task, if it is not blocked and is as wanted.

    Somebody has just acted, and its next look may be minutes away.
    """
    rows, now = Connection.objects.filter(pk=connection_id, blocked_at=None), timezone.now()
    # In one transaction, and marked as queued, so that no sweep queues it a second time.
    with transaction.atomic():
        if rows.filter(wanted or Q()).update(next_attempt_at=now, queued_at=now):
            enqueue(advance, connection_id, now.isoformat())


@cache
def not_switched_off() -> Q:
    """Match the connections that the kill switch does not stop now."""
    # Nothing is provisioned in these stages.
    return switches.PROVISIONING.is_on() | Q(stage__in=(*ENDING, Stage.LIVE))


def _jobs(first: Claim) -> Iterator[Job]:
    claim: Claim | None = first
    while claim:
        yield ConnectionJob(claim)
        claim = claim.again(not_switched_off())


def _take(connection_id: int, **facts: Any) -> Claim | None:
    return lease.take(connection_id, only=not_switched_off(), **facts)


class ConnectionJob(Job):
    """The stage of one connection."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.connection = claim.connection

    @property
    def tenant(self) -> Tenant:
        return self.claim.tenant

    @property
    def account(self) -> str:
        return account_of(self.connection).name

    @property
    def name(self) -> str:
        return f"connection={self.connection.pk}"

    @property
    def stage(self) -> str:
        return self.connection.stage

    @property
    def attempts(self) -> int:
        return self.connection.attempts

    @property
    def last_error(self) -> str:
        return self.connection.last_error

    @property
    def waited(self) -> timedelta:
        # Patience begins with the first wait after an error or a press: an outage blocks nobody.
        row, now = self.connection, timezone.now()
        return now - patience.waiting_since(row.waiting_since, row.next_attempt_at, now)

    def reload(self) -> None:
        self.connection.refresh_from_db()

    def step(self) -> StepOutcome:
        """Run the step of the stage. A live connection has none, but its pause may have to end."""
        step = steps.STEPS.get(Stage(self.stage))
        if step is not None and self._is_stopped():
            return Wait(None, "staff to lift the block of this org", WaitingOn.STAFF)
        if step is None:
            # A live connection is due only when its pause ends, or after staff pressed Retry.
            until = self.connection.paused_until
            return pauses.end(self.claim, until) if until else _NOTHING_TO_DO
        try:
            return step(self.claim)
        # Not an error to repeat: only a new sign-in of the admin helps, so the stage goes back.
        except grants.GrantLost:
            text = "The admin has to sign in to Salesforce again."
            return Done(text, then=Stage.WAITING_FOR_CONSENT)

    def _is_stopped(self) -> bool:
        """Whether staff have blocked the org. Off-boarding continues."""
        return self.stage not in ENDING and self.tenant.is_blocked

    def settle_done(self, done: Done) -> bool:
        stage = Stage(done.then or stages.NEXT[Stage(self.stage)])
        # Live and off-boarded have no step, so nothing more can be done at once.
        goes_on = stage in stages.NEXT
        stages.move_to(self.claim, stage, done.text, done.facts, kind=done.kind, goes_on=goes_on)
        return goes_on

    def settle_wait(self, wait: Wait) -> bool:
        # A poll repeats the same reason every few seconds; the timeline gets it once.
        is_new = wait.reason not in ("", self.connection.waiting_for)
        solved = stages.NO_TROUBLE if wait.waiting_on in _PROVE_SUCCESS else {}
        self.claim.release(
            **stages.NO_ERROR,
            **solved,
            **wait.facts,
            next_attempt_at=self._unless_hurried(wait.until),
            waiting_for=wait.reason,
            waiting_on=wait.waiting_on,
            **patience.begun(self.connection, wait, timezone.now()),
        )
        if is_new:
            text = f"Waiting for {wait.reason}."
            timeline.note(self.claim.tenant, EventKind.WAITING, text, on=wait.waiting_on)
        return False

    def _unless_hurried(self, until: datetime | None) -> Case:
        """Return the next look as SQL: now, if somebody acted after the step had looked."""
        # The sign-in of the subscriber makes the row due without its lease.
        read = Q(next_attempt_at=self.connection.next_attempt_at)
        kept = Value(until, output_field=DateTimeField())
        return Case(When(read, then=kept), default=F("next_attempt_at"))

    def settle_retry(self, failure: Retry, pause: timedelta) -> bool:
        # The timeline gets each reason once, however often it is repeated.
        now, is_new = timezone.now(), failure.reason != self.last_error
        self.claim.release(
            next_attempt_at=now + pause,
            last_error=failure.reason,
            last_error_at=now,
            last_request_id=failure.request_id,
            waiting_on=WaitingOn.PORTAL,
            waiting_for="the next attempt",
            **patience.interrupted(self.connection),
        )
        if is_new:
            text, request_id = f"{sentence(failure.reason)} Trying again.", failure.request_id
            timeline.note(self.claim.tenant, EventKind.TROUBLE, text, request_id=request_id)
        if self.attempts == retry.WARN_AT and not self.connection.is_snoozed(now):
            self._warn(failure, now)
        return False

    def _warn(self, failure: Retry, now: datetime) -> None:
        tenant, left = self.claim.tenant, retry.MAX_ATTEMPTS - self.attempts
        messages.notify_staff(
            tenant,
            key=f"failing:{self.connection.pk}:{self.stage}:{now:%Y%m%d%H%M%S}",
            subject=f"{tenant} keeps failing: {self.connection.get_stage_display()}",
            text=(
                f"{failure.reason} The portal tries {counted(left, 'more time')}, in about an hour "
                "and a half. If they fail too, it rests until somebody presses “Retry "
                "provisioning”."
            ),
        )

    def settle_block(self, block: Block) -> bool:
        now, tenant = timezone.now(), self.claim.tenant
        # The first time of this trouble: a retry that blocks again does not make it look new.
        since = self.connection.trouble_since or now
        self.claim.release(
            blocked_at=since,
            blocked_reason=block.reason,
            blocked_kind=block.kind,
            trouble_since=since,
            trouble_stage=self.connection.trouble_stage or self.stage,
            last_error=block.reason,
            last_error_at=now,
            last_request_id=block.request_id,
            waiting_on=WaitingOn.STAFF,
            waiting_for="staff",
            **patience.FRESH,
        )
        data = {"stage": self.stage, "request_id": block.request_id}
        timeline.note(tenant, EventKind.BLOCKED, block.reason, **data)
        # A snooze is the wish of staff for silence; the page still shows the block.
        if not self.connection.is_snoozed(now):
            messages.notify_staff(
                tenant,
                key=f"blocked:{self.connection.pk}:{since:%Y%m%d%H%M%S}:{block.kind}",
                subject=f"{tenant} is blocked: {block.kind.label}",
                text=f"{block.reason}\n\n{remedies.BLOCKED[block.kind].in_words}\n\n"
                f"{remedies.line_to(block.kind)}",
            )
        return False
