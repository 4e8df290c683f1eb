"""Keeping access to each org: refreshing idle grants, and checking that the package is installed.

Both handle a few tenants at a time, so that the whole fleet is covered in a day without a burst of
calls.
"""

import logging
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from connect.clients import http, salesforce
from connect.health import incidents, observations
from connect.health.in_time import in_time
from connect.models import Connection, Stage
from tenants import grants
from tenants.models import GrantStatus, SalesforceGrant

log = logging.getLogger(__name__)

# Salesforce's usual policy ends a refresh token that was not used for 30 days.
IDLE_AFTER = timedelta(days=20)
PROBE_INTERVAL = timedelta(hours=24)
MAX_AT_A_TIME = 25
_ACTIVE = Q(tenant__grant__status=GrantStatus.ACTIVE)


def refresh_idle_grants() -> int:
    """Refresh the grants that were idle for long; return how many.

    A grant that Salesforce refuses is marked as lost and not tried again.
    """
    now = timezone.now()
    # A grant that was never refreshed counts from the sign-in.
    idle = SalesforceGrant.objects.annotate(used=Coalesce("refreshed_at", "issued_at")).filter(
        status=GrantStatus.ACTIVE, tenant__offboarded_at=None, used__lt=now - IDLE_AFTER
    )
    # In any order: a failure leaves no trace here, so those that are away would stay the first.
    tenant_ids = list(idle.order_by("?").values_list("tenant_id", flat=True)[:MAX_AT_A_TIME])
    kept = 0
    for tenant_id in in_time(tenant_ids):
        try:
            grants.refresh(tenant_id, stale=grants.access_token(tenant_id))
            kept += 1
        except (grants.GrantLost, grants.GrantError) as error:
            log.warning("grant not kept alive tenant=%s error=%s", tenant_id, error)
            _update_incidents(tenant_id)
    return kept


def probe_packages() -> int:
    """Check in orgs whether the package is installed; return how many answered."""
    now = timezone.now()
    due = Q(health__probed_at=None) | Q(health__probed_at__lt=now - PROBE_INTERVAL)
    rows = Connection.objects.filter(due, _ACTIVE, stage=Stage.LIVE).select_related(
        "tenant__grant", "health"
    )
    rows = rows.order_by(F("health__probed_at").asc(nulls_first=True))
    return sum(probe_package(each) for each in in_time(rows[:MAX_AT_A_TIME]))


def probe_package(connection: Connection) -> bool:
    """Check one org and update its incidents. False if it could not be reached."""
    now, health = timezone.now(), observations.of(connection)
    health.probed_at = now
    with http.working_for(connection.tenant.org_id):
        try:
            there = salesforce.is_package_installed(connection.tenant)
        except (http.RemoteError, grants.GrantLost, grants.GrantError) as error:
            log.warning("package not probed connection=%s error=%s", connection.pk, error)
            # Stored after a failure as well, or an org that is away would be probed in each run.
            health.save(update_fields=["probed_at"])
            _update_incidents(connection.tenant_id)
            return False
    # The first time is kept, so that staff see since when it is gone.
    health.package_gone_at = None if there else health.package_gone_at or now
    health.save(update_fields=["probed_at", "package_gone_at"])
    incidents.update([health])
    return True


def _update_incidents(tenant_id: int) -> None:
    rows = Connection.objects.filter(tenant=tenant_id, stage=Stage.LIVE)
    for connection in rows.select_related("tenant__grant", "health"):
        incidents.update([observations.of(connection)])
