"""How an operation is run: under the connection's lease, with an event that names the user.

An operation knows when it is refused (`refusal`). The worker holds the connection's lease while it
runs, so it never runs beside the reconciler.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from connect.clients import http
from connect.clients.budget import CONNECT
from connect.formats import sentence
from connect.models import Connection
from connect.runner import lease
from connect.runner.lease import Claim
from tenants import timeline
from tenants.models import EventKind

Options = Mapping[str, Any]
# A run begins no step after 20 seconds (connect.runner.run.RUN_SECONDS), and a step takes a few.
LEASE_PATIENCE = 35.0  # seconds
LOOK_AGAIN = 0.25  # seconds


class Busy(Exception):
    """Another worker has held the connection for too long."""


class Skip(Exception):
    """Nothing was done, because it is not possible or not needed now. The text is the reason."""


class Failed(Exception):
    """It was tried and did not work, or the wish itself is refused. The text is the reason."""


@dataclass(frozen=True)
class Done:
    """It is done. `text` ends the sentence that begins with the label: "the state is IDLE.".

    `is_partly`: some of it was skipped or has failed, and the text counts that.
    `is_started`: the work continues after it, so its outcome comes later.
    `before`: what the connection was, as far as an opposite action needs it.
    """

    text: str
    is_partly: bool = False
    is_started: bool = False
    before: Options = field(default_factory=dict)


class OperationOutcome(models.TextChoices):
    """The outcome of an operation on one connection."""

    DONE = "done", "Done"
    STARTED = "started", "Started"
    PARTLY = "partly", "Partly done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"


@dataclass(frozen=True)
class Report:
    """The outcome, the same sentence as on the timeline, and why it was not done or "".

    `before` is what the target was, as far as an opposite action needs it.
    """

    outcome: OperationOutcome
    text: str
    reason: str = ""
    before: Options = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """The work behind an action. `refusal` returns "" when it is possible now, else the reason.

    `run` returns Done, or raises Skip, Failed or a peer's RemoteError: a run that changed nothing
    cannot count as done. The timeline's event holds the options named in `keeps`.
    `calls` are the APIs of Heroku whose budget it uses, also by what follows at once.
    """

    name: str
    label: str
    refusal: Callable[[Connection], str]
    run: Callable[[Claim, str, Options], Done]
    keeps: tuple[str, ...] = ()
    calls: tuple[str, ...] = (CONNECT,)


def by_name(*operations: Operation) -> dict[str, Operation]:
    """Return operations by the name under which they are queued."""
    return {each.name: each for each in operations}


def perform(operation: Operation, connection_id: int, actor: str, options: Options) -> Report:
    """Run an operation and return its report, which the timeline has too. Raises Busy.

    `actor` is a member of staff, or the portal, which heals a connection. A refusal or a peer's
    error is noted and reported, not raised.
    """
    with held(connection_id) as claim:
        report, request_id = _perform(operation, claim, actor, options)
        timeline.note(
            claim.tenant,
            EventKind.HEALING if actor == timeline.PORTAL else EventKind.STAFF_ACTION,
            report.text,
            actor=actor,
            outcome=report.outcome,
            request_id=request_id,
            **{name: options[name] for name in operation.keeps},
        )
    return report


@contextmanager
def held(connection_id: int) -> Iterator[Claim]:
    """Hold the lease of a connection, for work that must not run beside the reconciler.

    Raises Busy.
    """
    claim = _take(connection_id)
    try:
        with http.working_for(claim.tenant.org_id):
            yield claim
    finally:
        # Also after an error, or the connection would wait until the lease ends by itself.
        claim.release_uncounted()


def _perform(
    operation: Operation, claim: Claim, actor: str, options: Options
) -> tuple[Report, str]:
    """Run an operation; return its report, and the peer's request id if a peer refused."""
    label = operation.label
    try:
        # Asked again under the lease: the page may be older than the connection's state.
        _require_possible(operation, claim.connection)
        done = operation.run(claim, actor, options)
        return _done(label, done), ""
    except Skip as skip:
        return skipped(label, str(skip)), ""
    except Failed as failure:
        return failed(label, str(failure)), ""
    except http.RemoteError as error:
        return failed(label, _words(error)), error.request_id


def _words(error: http.RemoteError) -> str:
    if isinstance(error, http.Uncertain):
        return f"{sentence(error.words)} It may have been done anyway."
    return error.words


def _done(label: str, done: Done) -> Report:
    if done.is_partly:
        return Report(OperationOutcome.PARTLY, f"{label}: partly done. {done.text}")
    outcome = OperationOutcome.STARTED if done.is_started else OperationOutcome.DONE
    return Report(outcome, f"{label}: {done.text}", before=done.before)


def skipped(label: str, reason: str) -> Report:
    """Return the report of something that was not done, with the reason."""
    reason = reason.rstrip(".")
    return Report(OperationOutcome.SKIPPED, f"{label}: skipped, {reason}.", reason)


def failed(label: str, reason: str) -> Report:
    """Return the report of something that was tried and did not work, with the reason."""
    return Report(OperationOutcome.FAILED, f"{label}: failed. {reason}", reason)


def _require_possible(operation: Operation, connection: Connection) -> None:
    reason = operation.refusal(connection)
    if reason:
        raise Skip(reason)


def _take(connection_id: int) -> Claim:
    stop_at = time.monotonic() + LEASE_PATIENCE
    while time.monotonic() < stop_at:
        # Staff act on blocked connections too, and do not wait for the next attempt.
        claim = lease.take(connection_id, due=False, blocked=True)
        if claim:
            return claim
        time.sleep(LOOK_AGAIN)
    raise Busy("The portal is working on this connection. Try again in a minute.")
