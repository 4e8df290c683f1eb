"""The time from registration to live, in total and by stage."""

from datetime import datetime, timedelta
from typing import Any

from connect.formats import format_duration
from connect.models import Stage
from portal.dashboard.cards.links import connections
from tenants.batching import Asking, Sql, batched

NEWEST = 200  # the last tenants that went live; a fixed number keeps the query fast
MAX_STAGES = 5

# Only first connections: a tenant that starts over registered long before.
_WHOLE = """
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY took), min(live_at)
FROM (SELECT c.live_at, extract(epoch FROM c.live_at - t.registered_at) AS took
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
  SELECT stage, extract(epoch FROM lead(at) OVER (PARTITION BY tenant_id ORDER BY at) - at) AS stay
  FROM entered
)
SELECT stage, percentile_cont(0.5) WITHIN GROUP (ORDER BY stay),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY stay)
FROM stays WHERE stay IS NOT NULL GROUP BY stage
"""


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Two queries, over the newest alone."""
    whole, stages = yield Sql(_WHOLE, [NEWEST], 4), Sql(_STAGES, [NEWEST], 3)
    ((count, median, p95, since),) = whole
    stays = {stage: (_span(middle), _span(late)) for stage, middle, late in stages}
    return {
        "count": count,
        "median": format_duration(_span(median)) if count else "",
        "p95": format_duration(_span(p95)) if count else "",
        "since": datetime.fromisoformat(since) if since else None,
        "stages": _stages(stays),
        "url": connections(stage__exact=Stage.LIVE.value, o="-live_at"),
    }


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _stages(stays: dict[str, tuple[timedelta, timedelta]]) -> list[tuple[str, str, str]]:
    """Return the stages that took the longest, in the order of provisioning."""
    longest = sorted(stays, key=lambda stage: stays[stage][1], reverse=True)[:MAX_STAGES]
    return [
        (str(stage.label), format_duration(stays[stage][0]), format_duration(stays[stage][1]))
        for stage in Stage
        if stage in longest
    ]
