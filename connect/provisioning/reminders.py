"""Reminding the subscriber's admin: after two, five and ten days of waiting, and then no more."""

from django.utils import timezone

from connect.runner import retry
from connect.runner.lease import Claim
from tenants import messages
from tenants.models import MessageKind


def send_due(claim: Claim, kind: MessageKind) -> None:
    """Queue the reminder that is due in this stage, if one is. Raises LostLease.

    A reminder whose time passed while the portal was down is not caught up: one mail is enough.
    """
    connection = claim.connection
    due = retry.reminders_due(timezone.now() - connection.stage_since)
    if due <= connection.reminders_sent:
        return
    since = f"{connection.stage_since:%Y%m%d%H%M%S}"
    messages.queue(claim.tenant, kind, key=f"{kind}:{connection.pk}:{since}:{due}")
    claim.record(reminders_sent=due)
