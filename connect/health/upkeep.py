"""What keeps the way into each org open: grants used before they expire, packages looked for.

Both take a few tenants at a time, the longest untouched first, so that a fleet is gone round within
a day without a burst of calls.
"""

import logging
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from connect.clients import http, salesforce
from connect.health import incidents, observations
from connect.models import Connection, Stage
from tenants import grants
from tenants.models import GrantStatus, SalesforceGrant

log = logging.getLogger(__name__)

# Salesforce's usual policy ends a refresh token that was not used for 30 days.
GRANT_IDLE = timedelta(days=20)
PROBE_EVERY = timedelta(hours=24)
AT_A_TIME = 25
RUN_SECONDS = 60
_ACTIVE = Q(tenant__grant__status=GrantStatus.ACTIVE)


def keep_grants_alive() -> int:
    """Use the grants that lay idle for long; return how many are good for longer now.

    A grant that Salesforce refuses is marked so, and never asked for again.
    """
    now = timezone.now()
    idle = SalesforceGrant.objects.annotate(used=Coalesce("refreshed_at", "issued_at")).filter(
        status=GrantStatus.ACTIVE, tenant__offboarded_at=None, used__lt=now - GRANT_IDLE
    )
    kept = 0
    for tenant_id in list(idle.order_by("used").values_list("tenant_id", flat=True)[:AT_A_TIME]):
        try:
            grants.refresh(tenant_id, stale=grants.access_token(tenant_id))
            kept += 1
        except (grants.GrantLost, grants.GrantError) as trouble:
            log.warning("grant not kept alive tenant=%s error=%s", tenant_id, trouble)
            _judge_again(tenant_id)
    return kept


def look_for_packages() -> int:
    """Ask orgs whether the package is still there; return how many answered."""
    now = timezone.now()
    due = Q(health__probed_at=None) | Q(health__probed_at__lt=now - PROBE_EVERY)
    rows = Connection.objects.filter(due, _ACTIVE, stage=Stage.LIVE).select_related(
        "tenant__grant", "health"
    )
    stop_at = now + timedelta(seconds=RUN_SECONDS)
    rows = rows.order_by(F("health__probed_at").asc(nulls_first=True))
    answered = 0
    for connection in rows[:AT_A_TIME]:
        if timezone.now() > stop_at:
            break
        answered += look_for_package(connection)
    return answered


def look_for_package(connection: Connection) -> bool:
    """Ask one org, and judge what it says. False when it could not be asked."""
    now, health = timezone.now(), observations.of(connection)
    token = http.tenant_in_hand.set(connection.tenant.org_id)
    health.probed_at = now
    try:
        there = salesforce.package_is_there(connection.tenant)
    except (http.RemoteError, grants.GrantLost, grants.GrantError) as trouble:
        log.warning("package not looked for connection=%s error=%s", connection.pk, trouble)
        health.save(update_fields=["probed_at"])
        _judge_again(connection.tenant_id)
        return False
    finally:
        http.tenant_in_hand.reset(token)
    health.package_gone_at = None if there else health.package_gone_at or now
    health.save(update_fields=["probed_at", "package_gone_at"])
    incidents.judge([health])
    return True


def _judge_again(tenant_id: int) -> None:
    rows = Connection.objects.filter(tenant=tenant_id, stage=Stage.LIVE)
    for connection in rows.select_related("tenant__grant", "health"):
        incidents.judge([observations.of(connection)])
