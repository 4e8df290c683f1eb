"""The portal's own housekeeping."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Failure, Success

from portal import audit

# django-q2's own limit is off (see save_limit in the settings).
KEEP_SUCCESSES = timedelta(days=14)
KEEP_FAILURES = timedelta(days=90)


def prune() -> int:
    """Delete old task results and audit entries, as scheduled; return how many."""
    now = timezone.now()
    old = (
        Success.objects.filter(stopped__lt=now - KEEP_SUCCESSES),
        Failure.objects.filter(stopped__lt=now - KEEP_FAILURES),
    )
    return sum(rows.delete()[0] for rows in old) + audit.prune()
