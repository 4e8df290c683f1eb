"""How an operation is run: under the connection's lease, with an event that names the user.

An operation knows when it is refused (`refusal`). The worker holds the connection's lease while it
runs, so it never runs beside the reconciler.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connect.clients import http
from connect.models import Connection
from connect.runner import lease
from connect.runner.lease import Claim
from tenants import timeline
from tenants.models import EventKind

Options = Mapping[str, Any]
# A step takes a few seconds; an HTTP call at most its total deadline.
LEASE_PATIENCE = 35.0  # seconds
LOOK_AGAIN = 0.25  # seconds


class Busy(Exception):
    """Another worker has held the connection for too long."""


class Skip(Exception):
    """The operation is not possible now; the text is the reason."""


class OperationOutcome(StrEnum):
    """The outcome of an operation on one connection."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Report:
    """The outcome and the text for the timeline. `reason` is "" if it was done."""

    outcome: OperationOutcome
    text: str
    reason: str = ""


@dataclass(frozen=True)
class Operation:
    """The work behind an action. `refusal` returns "" when it is possible now, else the reason.

    `run` returns the end of the sentence that the timeline gets, e.g. "the state is IDLE.".
    """

    name: str
    label: str
    refusal: Callable[[Connection], str]
    run: Callable[[Claim, str, Options], str]


def by_name(*operations: Operation) -> dict[str, Operation]:
    """Return operations by the name under which they are queued."""
    return {each.name: each for each in operations}


def perform(operation: Operation, connection_id: int, actor: str, options: Options) -> Report:
    """Run an operation for a user and return its report. Raises Busy.

    A refusal or a peer's error is noted and reported, not raised.
    """
    with held(connection_id) as claim:
        return _perform(operation, claim, actor, options)


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


def _perform(operation: Operation, claim: Claim, actor: str, options: Options) -> Report:
    label = operation.label
    try:
        # Asked again under the lease: the page may be older than the connection's state.
        _require_possible(operation, claim.connection)
        text = _note(claim, actor, f"{label}: {operation.run(claim, actor, options)}")
        return Report(OperationOutcome.DONE, text)
    except Skip as skip:
        text = _note(claim, actor, f"{label}: skipped, {skip}.")
        return Report(OperationOutcome.SKIPPED, text, str(skip))
    except http.RemoteError as error:
        text = _note(claim, actor, f"{label}: failed. {error.words}", error.request_id)
        return Report(OperationOutcome.FAILED, text, error.words)


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


def _note(claim: Claim, actor: str, text: str, request_id: str = "") -> str:
    timeline.note(claim.tenant, EventKind.STAFF_ACTION, text, actor=actor, request_id=request_id)
    return text
