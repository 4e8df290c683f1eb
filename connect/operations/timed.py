"""Operations that end at a time: pause until, snooze. Each has its counterpart that ends it now."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.formats import format_time
from connect.health import observations, states
from connect.health import refresh as health
from connect.models import Connection, Stage, WaitingOn
from connect.operations.base import Done, Operation, Options, Skip, by_name
from connect.provisioning import pauses, stages
from connect.runner.lease import Claim

_NOT_PAUSED: dict[str, Any] = {
    "paused_until": None,
    "pause_note": "",
    "next_attempt_at": None,
    "waiting_for": "",
    "waiting_on": WaitingOn.PORTAL,
    "blocked_at": None,
    "blocked_reason": "",
    **stages.NO_TROUBLE,
}


def _refusal_to_pause_until(connection: Connection) -> str:
    return "" if connection.stage == Stage.LIVE else "only a live connection can be paused"


def pause_until(claim: Claim, actor: str, options: Options) -> Done:
    """Pause until a time. The end is stored first: a crash cannot leave an endless pause."""
    until = _moment(options)
    before = {name: getattr(claim.connection, name) for name in _NOT_PAUSED}
    was_paused = _is_paused(claim.connection)
    claim.record(
        paused_until=until,
        pause_note=options.get("note", ""),
        next_attempt_at=until,
        waiting_on=WaitingOn.PORTAL,
        waiting_for=pauses.WAITING_FOR,
    )
    try:
        # Heroku Connect pauses only idle connections; one that is paused gets just the end time.
        if claim.connection.state == states.PAUSED:
            observations.note_pause(claim.connection, actor)
        else:
            pause_now(claim.connection, actor)
    except http.Uncertain:  # it may be paused, and then it has to end
        raise
    except http.RemoteError:
        # The pause never began, so the row must not promise its end.
        claim.record(**before)
        raise
    state = health.refresh(claim.connection)
    text = f"until {format_time(until)}; the state is now {state}.{_because(options)}"
    return Done(text, before={"was_paused": was_paused})


def pause_now(connection: Connection, actor: str) -> None:
    """Pause a connection, in the name of who asked for it. One that is paused by now is done.

    Raises RemoteError.
    """
    # Noted first: a look between the two would take it for a pause by Heroku, and alert staff.
    observations.note_pause(connection, actor)
    try:
        heroku_connect.pause(remote_of(connection))
    except http.Uncertain:  # a look that sees no pause forgets the note
        raise
    except http.RemoteError as refusal:
        if _has_got_to(connection, refusal, paused=True):
            return
        observations.note_pause(connection, "")
        raise


def _has_got_to(connection: Connection, refusal: http.RemoteError, *, paused: bool) -> bool:
    """Return whether it is refused because an attempt whose answer was lost has done it."""
    if not isinstance(refusal, http.Conflict):
        return False
    return (health.refresh(connection) == states.PAUSED) == paused


def _is_paused(connection: Connection) -> bool:
    return connection.state == states.PAUSED or connection.paused_until is not None


def _refusal_to_resume(connection: Connection) -> str:
    if connection.stage != Stage.LIVE:
        return "only a live connection can be resumed"
    return "" if _is_paused(connection) else "it is not paused"


def _resume(claim: Claim, actor: str, options: Options) -> Done:
    before = end_and_note(claim.connection.paused_until, claim.connection.pause_note)
    # Staff may have resumed it in Heroku's dashboard already.
    if claim.connection.state == states.PAUSED:
        _resume_now(claim.connection)
    observations.note_pause(claim.connection, "")
    claim.record(**_NOT_PAUSED)
    state = health.refresh(claim.connection)
    return Done(f"accepted; the state is now {state}.", before=before)


def _resume_now(connection: Connection) -> None:
    try:
        heroku_connect.resume(remote_of(connection))
    except http.RemoteError as refusal:
        if not _has_got_to(connection, refusal, paused=False):
            raise


def _refusal_to_snooze(connection: Connection) -> str:
    return "it is off-boarded" if connection.stage == Stage.OFFBOARDED else ""


def _snooze(claim: Claim, actor: str, options: Options) -> Done:
    until, before = _moment(options), _snooze_of(claim.connection)
    claim.record(snoozed_until=until, snooze_note=options.get("note", ""))
    return Done(f"no alerts until {format_time(until)}.{_because(options)}", before=before)


def _refusal_to_unsnooze(connection: Connection) -> str:
    return "" if connection.is_snoozed(timezone.now()) else "it is not snoozed"


def _unsnooze(claim: Claim, actor: str, options: Options) -> Done:
    before = _snooze_of(claim.connection)
    claim.record(snoozed_until=None, snooze_note="")
    return Done("alerts are sent again.", before=before)


def _snooze_of(connection: Connection) -> Options:
    is_snoozed = connection.is_snoozed(timezone.now())
    until = connection.snoozed_until if is_snoozed else None
    return end_and_note(until, connection.snooze_note)


def end_and_note(until: datetime | None, note: str) -> Options:
    """Return the options with which the same is asked for again; {} where there was no end."""
    return {"until": until.isoformat(), "note": note} if until else {}


def _moment(options: Options) -> datetime:
    """Return the chosen time. Raises Skip if it has passed while the task was queued."""
    until = datetime.fromisoformat(options["until"])
    if until <= timezone.now():
        raise Skip(f"{format_time(until)} has passed")
    return until


def _because(options: Options) -> str:
    note = options.get("note", "")
    return f" Note: {note}" if note else ""


OPERATIONS = by_name(
    Operation("pause_until", "Pause until", _refusal_to_pause_until, pause_until),
    Operation("resume", "Resume", _refusal_to_resume, _resume),
    Operation("snooze", "Snooze", _refusal_to_snooze, _snooze, calls=()),
    Operation("unsnooze", "End snooze", _refusal_to_unsnooze, _unsnooze, calls=()),
)
