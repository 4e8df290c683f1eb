"""Waiting for the subscriber's admin: three reminders, and looks that become less frequent."""

from datetime import timedelta

from django.utils import timezone

from connect.runner.lease import Claim
from tenants import messages
from tenants.models import MessageKind

REMINDERS = (timedelta(days=2), timedelta(days=5), timedelta(days=10))

_POLLS = (  # pause between looks, while the wait is shorter than the first of each pair
    (timedelta(hours=1), timedelta(seconds=20)),
    (REMINDERS[-1], timedelta(minutes=10)),
)
_LAST_POLL = timedelta(minutes=60)


def send_due(claim: Claim, kind: MessageKind) -> None:
    """Queue the reminder that is due in this stage, if one is. Raises LostLease.

    A reminder whose time passed while the portal was down is left out: one mail is enough.
    """
    connection = claim.connection
    due = due_after(timezone.now() - connection.stage_since)
    if due <= connection.reminders_sent:
        return
    # The stage's start is in the key, so that a second wait has its own reminders.
    since = f"{connection.stage_since:%Y%m%d%H%M%S}"
    messages.queue(claim.tenant, kind, key=f"{kind}:{connection.pk}:{since}:{due}")
    claim.record(reminders_sent=due)


def due_after(waited: timedelta) -> int:
    """Return how many reminders should have been sent after that long."""
    return sum(waited >= delay for delay in REMINDERS)


def next_after(waited: timedelta) -> timedelta | None:
    """Return the time from now to the next reminder; None if all are sent."""
    return next((delay - waited for delay in REMINDERS if delay > waited), None)


def poll_pause(waited: timedelta) -> timedelta:
    """Return the pause before the next look at whether a person has authorized the connection."""
    return next((pause for limit, pause in _POLLS if waited < limit), _LAST_POLL)
