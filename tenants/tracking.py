"""Delivery reports of the mail provider, through django-anymail's webhooks."""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.dispatch import receiver

from tenants import delivery_reports
from tenants.http.cleaning import clean_text

_RETURNED = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED)


@receiver(tracking)
def note_tracking(event: AnymailTrackingEvent, **_: Any) -> None:
    """Handle deliveries and bounces. Opens and clicks are ignored, for privacy."""
    number = str((event.metadata or {}).get("message", ""))
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return  # a mail of another application on the same account
    if event.event_type == EventType.DELIVERED:
        delivery_reports.record_delivery(int(number))
    elif event.event_type in _RETURNED:
        reason = event.description or event.mta_response or event.reject_reason or event.event_type
        delivery_reports.record_bounce(int(number), clean_text(str(reason), 1000))
