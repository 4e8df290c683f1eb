"""The portal's own housekeeping."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Failure, Success

from portal import audit, deliveries
from portal.integrations import observing
from portal.models import BulkRun
from tenants import sweeps

# django-q2's own limit is off (see save_limit in the settings).
KEEP_SUCCESSES = timedelta(days=14)
KEEP_FAILURES = timedelta(days=90)
KEEP_RUNS = timedelta(days=90)  # the outcomes stay on the timelines


def bring_back() -> int:
    """Make due what a wrong clock has put off for days; return how many rows."""
    return sweeps.bring_back(timezone.now())


def prune() -> int:
    """Delete old task results, runs, audit entries and webhook events; return how many."""
    now = timezone.now()
    old = (
        Success.objects.filter(stopped__lt=now - KEEP_SUCCESSES),
        Failure.objects.filter(stopped__lt=now - KEEP_FAILURES),
        BulkRun.objects.filter(finished_at__lt=now - KEEP_RUNS),
    )
    deleted = sum(rows.delete()[0] for rows in old)
    return deleted + deliveries.prune() + audit.prune() + observing.prune(now)
