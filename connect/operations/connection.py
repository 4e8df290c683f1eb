"""What staff may do to a connection, whatever screen they do it from.

Each operation says for itself when it is legal (`why_not` answers in words), takes the connection's
lease so that it never meets the reconciler, and leaves an event with the person's name.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.health import diagnose, observations, states
from connect.health import refresh as health
from connect.models import Connection, SchemaFate, Stage, WaitingOn
from connect.provisioning import pauses, reconciler, stages
from connect.runner import lease
from connect.runner.lease import Claim
from tenants import messages, timeline
from tenants.models import EventKind, MessageKind
from tenants.queue import enqueue

Options = Mapping[str, Any]
# A step lasts a few seconds, an HTTP call at the worst http's total deadline.
LEASE_PATIENCE = 35.0  # seconds
_PROVISIONING = set(Stage.values) - {Stage.LIVE, Stage.OFFBOARDING, Stage.OFFBOARDED}


class Busy(Exception):
    """The connection is being worked on for longer than one waits for."""


class Skip(Exception):
    """It turned out not to be legal after all; the text is the reason."""


class Outcome(StrEnum):
    """What can come of an operation on one connection."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Report:
    """What came of it, and the sentence that the timeline got. `reason` is "" when it was done."""

    outcome: Outcome
    text: str
    reason: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing that staff may do. `why_not` returns "" when it is legal now, else the reason."""

    name: str
    label: str
    permission: str
    why_not: Callable[[Connection], str]
    run: Callable[[Claim, str, Options], str]
    hurts: bool = False


def operate(name: str, connection_id: int, actor: str, options: Options) -> str:
    """Do an operation of the registry for a person; return a sentence on what came of it."""
    return perform(REGISTRY[name], connection_id, actor, options).text


def perform(operation: Operation, connection_id: int, actor: str, options: Options) -> Report:
    """Do an operation for a person and report. Raises Busy.

    An operation that is not legal, or that the peer refuses, is noted and answered, not raised.
    """
    with held(connection_id) as claim:
        return _perform(operation, claim, actor, options)


@contextmanager
def held(connection_id: int) -> Iterator[Claim]:
    """Hold the lease of a connection, for work that must not meet the reconciler. Raises Busy."""
    claim = _take(connection_id)
    token = http.current_tenant.set(claim.tenant.org_id)
    try:
        yield claim
    finally:
        http.current_tenant.reset(token)
        claim.release_uncounted()


def _require_legal(operation: Operation, connection: Connection) -> None:
    reason = operation.why_not(connection)
    if reason:
        raise Skip(reason)


def _perform(operation: Operation, claim: Claim, actor: str, options: Options) -> Report:
    label = operation.label
    try:
        _require_legal(operation, claim.connection)
        text = _note(claim, actor, f"{label}: {operation.run(claim, actor, options)}")
        return Report(Outcome.DONE, text)
    except Skip as trouble:
        text = _note(claim, actor, f"{label}: skipped, {trouble}.")
        return Report(Outcome.SKIPPED, text, str(trouble))
    except http.RemoteError as trouble:
        text = _note(claim, actor, f"{label}: failed. {trouble.words}", trouble.request_id)
        return Report(Outcome.FAILED, text, trouble.words)


def _take(connection_id: int) -> Claim:
    stop_at = time.monotonic() + LEASE_PATIENCE
    while time.monotonic() < stop_at:
        claim = lease.take(connection_id, due=False, blocked=True)
        if claim:
            return claim
        time.sleep(0.25)
    raise Busy("The portal is working on this connection. Try again in a minute.")


def _note(claim: Claim, actor: str, text: str, request_id: str = "") -> str:
    timeline.note(claim.tenant, EventKind.STAFF_ACTION, text, actor=actor, request_id=request_id)
    return text


# --- retry ---------------------------------------------------------------------------------------


def _why_not_retry(connection: Connection) -> str:
    if connection.stage in (Stage.LIVE, Stage.OFFBOARDED) and not connection.blocked_at:
        return f"nothing is left to do: it is {connection.get_stage_display().lower()}"
    return ""


def _retry(claim: Claim, actor: str, options: Options) -> str:
    claim.release(
        attempts=0,
        blocked_at=None,
        blocked_reason="",
        waiting_for="",
        next_attempt_at=timezone.now(),
    )
    enqueue(reconciler.advance, claim.connection.pk)
    return f"trying again: {claim.connection.get_stage_display().lower()}."


# --- the connection at Heroku Connect ------------------------------------------------------------


def _why_not_reachable(connection: Connection) -> str:
    if connection.stage == Stage.OFFBOARDED:
        return "it is off-boarded"
    return "" if connection.connection_id else "Heroku Connect does not know it yet"


def _why_not_pause(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "only a live connection can be paused"
    return "it is paused already" if connection.state == states.PAUSED else ""


def _why_not_resume(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "only a live connection can be resumed"
    return (
        "" if connection.state == states.PAUSED or connection.paused_until else "it is not paused"
    )


def _pause(claim: Claim, actor: str, options: Options) -> str:
    heroku_connect.pause(*_address(claim))
    observations.note_pause(claim.connection, actor)
    return f"accepted; the state is now {health.refresh(claim.connection)}."


def _why_not_pause_until(connection: Connection) -> str:
    return "" if connection.stage == Stage.LIVE else "only a live connection can be paused"


def _pause_until(claim: Claim, actor: str, options: Options) -> str:
    """Pause, or give a pause its end. The end is written down first: no death makes it endless."""
    until = _moment(options)
    before = {name: getattr(claim.connection, name) for name in _NOT_PAUSED}
    claim.record(
        paused_until=until,
        pause_note=options.get("note", ""),
        next_attempt_at=until,
        waiting_on=WaitingOn.PORTAL,
        waiting_for=pauses.WAITING_FOR,
    )
    try:
        if claim.connection.state != states.PAUSED:
            heroku_connect.pause(*_address(claim))
    except http.RemoteError:
        claim.record(**before)
        raise
    observations.note_pause(claim.connection, actor)
    state = health.refresh(claim.connection)
    return f"until {_in_words(until)}; the state is now {state}.{_because(options)}"


_NOT_PAUSED: dict[str, Any] = {
    "paused_until": None,
    "pause_note": "",
    "next_attempt_at": None,
    "waiting_for": "",
    "waiting_on": WaitingOn.PORTAL,
    "blocked_at": None,
    "blocked_reason": "",
}


def _resume(claim: Claim, actor: str, options: Options) -> str:
    if claim.connection.state == states.PAUSED:
        heroku_connect.resume(*_address(claim))
    observations.note_pause(claim.connection, "")
    claim.record(**_NOT_PAUSED)
    return f"accepted; the state is now {health.refresh(claim.connection)}."


def _restart(claim: Claim, actor: str, options: Options) -> str:
    heroku_connect.restart(*_address(claim))
    return f"accepted; the state is now {health.refresh(claim.connection)}."


def _refresh(claim: Claim, actor: str, options: Options) -> str:
    return f"the state is {health.refresh(claim.connection)}."


def _diagnose(claim: Claim, actor: str, options: Options) -> str:
    diagnose.start(claim.connection, actor)
    waiting = diagnose.fetch_notifications(claim.connection)
    return f"started; its result comes within minutes. {waiting} notifications wait."


def _acknowledge(claim: Claim, actor: str, options: Options) -> str:
    return f"{diagnose.acknowledge(claim.connection, actor)} notifications."


def _link(claim: Claim, actor: str, options: Options) -> str:
    found = heroku_connect.link(settings.APP_NAME, claim.connection.addon_name)
    if not found:
        return "Heroku Connect does not list the add-on."
    claim.record(connection_id=found[0].id, region_url=found[0].region_url)
    return f"linked; the state is now {health.refresh(claim.connection)}."


def _why_not_reauthorize(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "only a live connection can be authorized again"
    return "" if states.lacks_authorization(connection.state) else "it is authorized"


def _reauthorize(claim: Claim, actor: str, options: Options) -> str:
    key = f"reauthorize:{claim.connection.pk}:{timezone.now().isoformat()}"
    message = messages.queue(claim.tenant, MessageKind.AUTHORIZE_AGAIN, key=key)
    return f"mailed {message.to} a link."


def _address(claim: Claim) -> tuple[str, str]:
    return claim.connection.region_url, claim.connection.connection_id


# --- quiet for a time ----------------------------------------------------------------------------


def _why_not_snooze(connection: Connection) -> str:
    return "it is off-boarded" if connection.stage == Stage.OFFBOARDED else ""


def _snooze(claim: Claim, actor: str, options: Options) -> str:
    until = _moment(options)
    claim.record(snoozed_until=until, snooze_note=options.get("note", ""))
    return f"no alerts until {_in_words(until)}.{_because(options)}"


def _why_not_unsnooze(connection: Connection) -> str:
    return "" if connection.is_snoozed(timezone.now()) else "it is not snoozed"


def _unsnooze(claim: Claim, actor: str, options: Options) -> str:
    claim.record(snoozed_until=None, snooze_note="")
    return "it is heard of again."


def _moment(options: Options) -> datetime:
    """Return the time that staff chose. Raises Skip when the queue took so long that it is past."""
    until = datetime.fromisoformat(options["until"])
    if until <= timezone.now():
        raise Skip(f"{_in_words(until)} is past")
    return until


def _in_words(moment: datetime) -> str:
    return f"{moment:%-d %b %Y, %H:%M} UTC"


def _because(options: Options) -> str:
    note = options.get("note", "")
    return f" Note: {note}" if note else ""


# --- mappings ------------------------------------------------------------------------------------


def _why_not_import(connection: Connection) -> str:
    if connection.paused_until:
        return f"it is paused until {_in_words(connection.paused_until)}: resume it first"
    if connection.stage in (Stage.IMPORTING_MAPPINGS, Stage.LOADING, Stage.LIVE):
        return ""
    return "Heroku Connect is not authorized yet"


def _import_mappings(claim: Claim, actor: str, options: Options) -> str:
    facts = {"template": None, "import_sent_at": None}
    with transaction.atomic():
        stages.move_to(
            claim, Stage.IMPORTING_MAPPINGS, "Importing the mappings anew.", facts, actor=actor
        )
        enqueue(reconciler.advance, claim.connection.pk)
    return "started with the version that new tenants get."


# --- the end -------------------------------------------------------------------------------------


def _why_not_offboard(connection: Connection) -> str:
    if connection.stage in (Stage.OFFBOARDING, Stage.OFFBOARDED):
        return f"it is {connection.get_stage_display().lower()} already"
    return ""


def _offboard(claim: Claim, actor: str, options: Options) -> str:
    return _end(claim, actor, SchemaFate(options["schema_fate"]), start_over=False)


def _start_over(claim: Claim, actor: str, options: Options) -> str:
    return _end(claim, actor, SchemaFate(options["schema_fate"]), start_over=True)


def _end(claim: Claim, actor: str, fate: SchemaFate, *, start_over: bool) -> str:
    facts = {"schema_fate": fate, "start_over": start_over}
    then = "a new connection follows" if start_over else "the tenant is off-boarded"
    with transaction.atomic():
        stages.move_to(
            claim, Stage.OFFBOARDING, f"Ending this connection; then {then}.", facts, actor=actor
        )
        enqueue(reconciler.advance, claim.connection.pk)
    return f"started. {fate.label}; then {then}."


REGISTRY: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            "retry", "Retry provisioning", "connect.retry_connection", _why_not_retry, _retry
        ),
        Operation("pause", "Pause", "connect.pause_connection", _why_not_pause, _pause),
        Operation(
            "pause_until",
            "Pause until",
            "connect.pause_connection",
            _why_not_pause_until,
            _pause_until,
        ),
        Operation("resume", "Resume", "connect.pause_connection", _why_not_resume, _resume),
        Operation("restart", "Restart", "connect.restart_connection", _why_not_reachable, _restart),
        Operation("refresh", "Refresh", "connect.refresh_connection", _why_not_reachable, _refresh),
        Operation("snooze", "Snooze", "connect.snooze_connection", _why_not_snooze, _snooze),
        Operation(
            "unsnooze", "End snooze", "connect.snooze_connection", _why_not_unsnooze, _unsnooze
        ),
        Operation(
            "diagnose", "Diagnose", "connect.diagnose_connection", _why_not_reachable, _diagnose
        ),
        Operation(
            "acknowledge",
            "Acknowledge notifications",
            "connect.diagnose_connection",
            _why_not_reachable,
            _acknowledge,
        ),
        Operation("link", "Link again", "connect.link_connection", _why_not_reachable, _link),
        Operation(
            "reauthorize",
            "Ask to authorize again",
            "connect.reauthorize_connection",
            _why_not_reauthorize,
            _reauthorize,
        ),
        Operation(
            "import_mappings",
            "Import mappings",
            "connect.import_connection",
            _why_not_import,
            _import_mappings,
        ),
        Operation(
            "offboard",
            "Off-board",
            "connect.offboard_connection",
            _why_not_offboard,
            _offboard,
            hurts=True,
        ),
        Operation(
            "start_over",
            "Start over",
            "connect.offboard_connection",
            _why_not_offboard,
            _start_over,
            hurts=True,
        ),
    )
}
