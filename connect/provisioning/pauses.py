"""A pause until a time: the connection becomes due then, and the reconciler resumes it."""

from datetime import datetime

from django.utils import timezone

from connect.clients import heroku_connect
from connect.clients.accounts import remote_of
from connect.health import observations, states
from connect.health import refresh as health
from connect.models import WaitingOn
from connect.runner.lease import Claim
from connect.runner.outcomes import StepOutcome, Wait
from tenants import timeline
from tenants.models import EventKind

WAITING_FOR = "the end of the pause"


def end(claim: Claim, paused_until: datetime) -> StepOutcome:
    """Resume when the time has come; staff may have done so before, in Heroku's dashboard."""
    connection = claim.connection
    if paused_until > timezone.now():
        return Wait(paused_until, WAITING_FOR, WaitingOn.PORTAL)
    if health.refresh(connection) == states.PAUSED:
        heroku_connect.resume(remote_of(connection))
        observations.note_pause(connection, "")
        health.refresh(connection)
    note = f" It was paused with the note: {connection.pause_note}" if connection.pause_note else ""
    text = f"The pause is over: resumed; the state is now {connection.state}.{note}"
    timeline.note(claim.tenant, EventKind.RESUMED, text)
    # No next time: a live connection needs no further step.
    return Wait(None, "", WaitingOn.PORTAL, facts={"paused_until": None, "pause_note": ""})
