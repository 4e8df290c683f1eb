"""How long things are kept. The numbers of days are settings."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from tenants.models import (
    LOST,
    Callout,
    Event,
    GrantStatus,
    Message,
    MessageStatus,
    SalesforceGrant,
)


def prune(now: datetime) -> None:
    """Delete what is older than its setting."""
    Callout.objects.filter(received_at__lt=now - _days("KEEP_CALLOUTS_DAYS")).delete()
    empty_messages(now)
    delete_events(now)
    forget_grants(now)


def empty_messages(now: datetime) -> int:
    """Take address and text from old e-mails. The row stays: its key says that it was sent."""
    old = Message.objects.filter(created_at__lt=now - _days("KEEP_MESSAGES_DAYS"))
    sent = old.exclude(status=MessageStatus.QUEUED).exclude(to="")
    return sent.update(to="", subject="", text="", html="", error="")


def delete_events(now: datetime) -> int:
    """Delete the timelines of tenants that were off-boarded long ago."""
    gone = now - _days("KEEP_EVENTS_DAYS")
    return Event.objects.filter(tenant__offboarded_at__lt=gone, at__lt=gone).delete()[0]


def forget_grants(now: datetime) -> int:
    """Delete grants of off-boarded tenants, and the tokens of those that were lost long ago."""
    grants = SalesforceGrant.objects.all()
    count = grants.filter(tenant__offboarded_at__isnull=False).delete()[0]
    unused = grants.annotate(used=Coalesce(F("refreshed_at"), F("issued_at"))).filter(
        Q(status__in=[*LOST, GrantStatus.REVOKED]), used__lt=now - _days("KEEP_LOST_GRANTS_DAYS")
    )
    # The row stays, because it says that the tenant has to sign in again.
    return count + unused.update(access_token="", refresh_token="")


def _days(name: str) -> timedelta:
    return timedelta(days=getattr(settings, name))
