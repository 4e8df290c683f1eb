"""The portal's own housekeeping."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Failure, Success

from portal import bulk
from portal.admin.kit import actions
from portal.dashboard import fleet
from portal.models import FleetSample

KEEP_SUCCESSES = timedelta(days=14)
KEEP_FAILURES = timedelta(days=90)


def prune() -> int:
    """Delete old task results and samples, as scheduled; return how many."""
    now = timezone.now()
    old = (
        Success.objects.filter(stopped__lt=now - KEEP_SUCCESSES),
        Failure.objects.filter(stopped__lt=now - KEEP_FAILURES),
        FleetSample.objects.filter(at__lt=now - fleet.KEEP),
    )
    return sum(rows.delete()[0] for rows in old)


def work_off(run_id: int) -> None:
    """Do a slice of a bulk run."""
    bulk.work_off(run_id, actions.perform)


def sample_fleet() -> None:
    """Store one sample for the dashboard's chart; scheduled."""
    fleet.take_sample(timezone.now())
