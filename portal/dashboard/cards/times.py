"""The time from registration to live, in total and by stage."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from connect.formats import format_duration
from connect.models import Stage
from portal.dashboard.cards.links import connections

NEWEST = 200  # the last tenants that went live; a fixed number keeps the query fast
MAX_STAGES = 5

# Only first connections: a tenant that starts over registered long before.
_WHOLE = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY took), min(live_at)
FROM (SELECT c.live_at, c.live_at - t.registered_at AS took
      FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id
      WHERE c.live_at IS NOT NULL AND c.generation = 1
      ORDER BY c.live_at DESC LIMIT %s) newest
"""
# An event that enters a stage names it; the next such event of the tenant is its end.
_STAGES = """
WITH newest AS (
  SELECT tenant_id, live_at FROM connect_connection
  WHERE live_at IS NOT NULL AND generation = 1 ORDER BY live_at DESC LIMIT %s
), entered AS (
  SELECT e.tenant_id, e.data->>'stage' AS stage, e.at FROM tenants_event e
  JOIN newest n ON n.tenant_id = e.tenant_id AND e.at <= n.live_at
  WHERE e.data ? 'stage' AND e.kind <> 'blocked'
), stays AS (
  SELECT stage, lead(at) OVER (PARTITION BY tenant_id ORDER BY at) - at AS stay FROM entered
)
SELECT stage, percentile_cont(0.5) WITHIN GROUP (ORDER BY stay),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY stay)
FROM stays WHERE stay IS NOT NULL GROUP BY stage
"""


def read(now: datetime) -> dict[str, Any]:
    """Two queries, over the newest alone."""
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE, [NEWEST])
        count, median, p95, since = cursor.fetchone()
        cursor.execute(_STAGES, [NEWEST])
        stays = {stage: (middle, late) for stage, middle, late in cursor.fetchall()}
    return {
        "count": count,
        "median": format_duration(median) if count else "",
        "p95": format_duration(p95) if count else "",
        "since": since,
        "stages": _stages(stays),
        "url": connections(stage__exact=Stage.LIVE.value, o="-live_at"),
    }


def _stages(stays: dict[str, tuple[timedelta, timedelta]]) -> list[tuple[str, str, str]]:
    """Return the stages that took the longest, in the order of provisioning."""
    longest = sorted(stays, key=lambda stage: stays[stage][1], reverse=True)[:MAX_STAGES]
    return [
        (str(stage.label), format_duration(stays[stage][0]), format_duration(stays[stage][1]))
        for stage in Stage
        if stage in longest
    ]
