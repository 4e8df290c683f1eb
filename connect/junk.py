"""Erasing registrations that nobody proved and that have ordered nothing."""

from datetime import datetime, timedelta

from django.conf import settings

from connect.models import Connection, Stage
from tenants import timeline, whole
from tenants.models import Proof, Tenant

AT_ONCE = 1000  # in one run; the next day's run takes the rest


def prune(now: datetime) -> int:
    """Erase junk tenants after their days, each with a record; return how many."""
    # An open or changed policy lets unproven tenants order: those are not junk.
    working = Connection.objects.exclude(stage=Stage.WAITING_FOR_PROOF, addon_requested_at=None)
    junk = Tenant.objects.filter(
        proof=Proof.NONE,
        offboarded_at=None,
        is_blocked=False,
        grant=None,
        registered_at__lt=now - timedelta(days=settings.KEEP_UNPROVEN_DAYS),
    ).exclude(pk__in=working.values("tenant"))
    numbers = list(junk.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        whole.erase(number, timeline.PORTAL)
    return len(numbers)
