"""A pause until a time: the connection is due then, and the reconciler resumes it."""

from collections.abc import Callable

from django.utils import timezone

from connect.clients import heroku_connect
from connect.health import observations, states
from connect.health import refresh as health
from connect.models import Connection, Stage, WaitingOn
from connect.runner.lease import Claim
from connect.runner.outcomes import Outcome, Wait
from tenants import timeline
from tenants.models import EventKind

WAITING_FOR = "the end of the pause"


def step(connection: Connection) -> Callable[[Claim], Outcome] | None:
    """Return what is to be done for a live connection: end its pause, if it has one."""
    return end if connection.stage == Stage.LIVE and connection.paused_until else None


def end(claim: Claim) -> Outcome:
    """Resume when the time has come; somebody may have done so before, at Heroku's dashboard."""
    connection, now = claim.connection, timezone.now()
    assert connection.paused_until is not None  # noqa: S101  (step asked)
    if connection.paused_until > now:
        return Wait(connection.paused_until, WAITING_FOR, WaitingOn.PORTAL)
    if health.refresh(connection) == states.PAUSED:
        heroku_connect.resume(connection.region_url, connection.connection_id)
        observations.note_pause(connection, "")
        health.refresh(connection)
    note = f" It was paused with the note: {connection.pause_note}" if connection.pause_note else ""
    text = f"The pause is over: resumed; the state is now {connection.state}.{note}"
    timeline.note(claim.tenant, EventKind.RESUMED, text)
    return Wait(None, "", WaitingOn.PORTAL, facts={"paused_until": None, "pause_note": ""})
