"""The grace period of an off-boarding, and its undo: paused until then, resumed if staff want."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.formats import in_sentence
from connect.health import observations, states
from connect.health import refresh as health
from connect.models import WAITS_FOR_END, Condition, Connection, Stage, WaitingOn
from connect.provisioning import pauses, stages
from connect.runner import polling
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, Facts, StepOutcome, Wait
from tenants.models import EventKind

# Somebody may resume it in Heroku's dashboard.
LOOK_AGAIN = timedelta(hours=6)
MAX_PAUSE = timedelta(hours=1)  # between two tries to pause it
MAX_WORDS = 300  # of a peer
# In these nothing is synchronized.
_INACTIVE = (Condition.PAUSED, Condition.BROKEN, Condition.NEEDS_AUTHORIZATION)


def ends_at(connection: Connection, now: datetime) -> datetime | None:
    """Return until when an off-boarding that begins now can be undone; None: not at all.

    Before an add-on is ordered there is nothing to lose.
    """
    days = settings.OFFBOARDING_GRACE_DAYS
    return now + timedelta(days=days) if days and connection.addon_requested_at else None


def grace(claim: Claim) -> StepOutcome:
    """Keep the synchronization paused until the grace period is over, then off-board."""
    connection, now = claim.connection, timezone.now()
    until = connection.ends_at or now
    if until <= now:
        return Done("The grace period is over.")
    reason = _still_active(connection)
    if not reason:
        return Wait(min(until, now + LOOK_AGAIN), WAITS_FOR_END, WaitingOn.PORTAL)
    # It never blocks: what cannot be paused is off-boarded too.
    pause = min(max((now - connection.stage_since) / 4, polling.MIN_PAUSE), MAX_PAUSE)
    return Wait(min(until, now + pause), reason, WaitingOn.PORTAL)


def _still_active(connection: Connection) -> str:
    """Pause it if possible; return why something may be synchronized, "" if nothing is."""
    if not connection.connection_id:
        return ""
    try:
        state = health.refresh(connection)
        if state == states.IDLE:  # Heroku Connect pauses in no other state
            heroku_connect.pause(remote_of(connection))
            state = health.refresh(connection)
    except http.Unauthorized:
        raise  # no tenant can be paused without a working token
    except http.RemoteError as error:
        return f"the pause: {error.words[:MAX_WORDS]}"
    is_inactive = state == states.NEW or states.of_connection(state) in _INACTIVE
    return "" if is_inactive else f"the pause: Heroku Connect reports {state}"


def resuming(claim: Claim) -> StepOutcome:
    """Resume what the grace period has paused, and go back to the stage before it."""
    connection, now = claim.connection, timezone.now()
    then = Stage(connection.stage_before)
    if _is_paused_by_staff(connection, now):
        text = "The off-boarding was undone. It stays paused, as staff wanted before."
        return Done(text, _pause_of_staff(connection), EventKind.RESUMED, then)
    if connection.connection_id and health.refresh(connection) == states.PAUSED:
        heroku_connect.resume(remote_of(connection))
        if health.refresh(connection) == states.PAUSED:
            return polling.poll("Heroku Connect to resume it", connection.waiting_since or now)
    text = f"The off-boarding was undone: {in_sentence(str(then.label))} again."
    return Done(text, stages.NOT_PAUSED, EventKind.RESUMED, then)


def _is_paused_by_staff(connection: Connection, now: datetime) -> bool:
    if connection.stage_before != Stage.LIVE:
        return False
    if connection.paused_until:
        return connection.paused_until > now
    return bool(observations.of(connection).paused_by)


def _pause_of_staff(connection: Connection) -> Facts:
    if connection.paused_until is None:
        return {}
    return {"next_attempt_at": connection.paused_until, "waiting_for": pauses.WAITING_FOR}
