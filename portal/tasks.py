"""The portal's own housekeeping."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Failure, Success

KEEP_SUCCESSES = timedelta(days=14)
KEEP_FAILURES = timedelta(days=90)


def prune() -> int:
    """Delete old task results and expired sessions, as scheduled; return how many rows."""
    now = timezone.now()
    old = (
        Success.objects.filter(stopped__lt=now - KEEP_SUCCESSES),
        Failure.objects.filter(stopped__lt=now - KEEP_FAILURES),
        Session.objects.filter(expire_date__lt=now),
    )
    return sum(rows.delete()[0] for rows in old)
