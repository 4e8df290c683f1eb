"""Refreshing all live connections of a region.

A whole region costs one call. Only connections that are not well or not listed need a call of their
own. Memory does not grow with the fleet: the list is read one connection at a time and stored page
by page.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from connect.clients import heroku_health, http
from connect.clients.connection_detail import ConnectionDetail
from connect.health import incidents, observations, refresh, states
from connect.models import Condition, Connection, IncidentKind, Stage

log = logging.getLogger(__name__)

PAGE = 50  # connections that are written, and held in memory, at a time
DEEP_EVERY = timedelta(hours=6)
# After this many failures in a row the region itself is the problem.
MAX_REGION_FAILURES = 5
MAX_RUN_SECONDS = 90  # the rest waits for the next refresh; a task may take 120


def regions() -> list[str]:
    """Return the regions in which there are live connections."""
    found = _live().order_by("region_url").values_list("region_url", flat=True).distinct()
    return list(found)


def refresh_region(region_url: str) -> int:
    """Refresh the live connections of a region; return how many were seen."""
    began = timezone.now()
    stop_at = began + timedelta(seconds=MAX_RUN_SECONDS)
    try:
        seen = _from_list(region_url, began)
        found = seen + _one_by_one(region_url, began, stop_at)
    except http.Unauthorized as error:
        # The token is the same in all regions, so this is one incident and not one for each.
        incidents.suspect_region("", IncidentKind.TOKEN, f"{error.words}. Set HEROKU_API_TOKEN.")
        observations.note_region_unseen(region_url, began)
        return 0
    except http.Retryable as error:
        log.warning("region away region=%s error=%s", region_url, error)
        incidents.suspect_region(region_url, IncidentKind.REGION, f"{error.words}.")
        observations.note_region_unseen(region_url, began)
        return 0
    incidents.region_recovered(region_url)
    return found


def _from_list(region_url: str, began: datetime) -> int:
    """Store what the region's list says of those that are well; return how many."""
    deep = _deep_is_due(region_url, began)
    listed = heroku_health.list_details(region_url, settings.APP_NAME, deep=deep)
    count = 0
    try:
        while page := list(islice(listed, PAGE)):
            pairs = _matched(region_url, page, deep=deep)
            count += refresh.store_page(pairs, deep=deep)
            observations.forget(row for row, _ in pairs)
    except (http.NotFound, http.Conflict) as error:
        # The list is an undocumented call. Without it, each connection is read by its own call.
        log.warning("no list of connections region=%s error=%s", region_url, error)
    return count


def _matched(
    region_url: str, page: Iterable[ConnectionDetail], *, deep: bool
) -> list[tuple[Connection, ConnectionDetail]]:
    """Match a page of the list with our rows. Connections that are not well get their own call."""
    seen = {each.id: each for each in page}
    rows = _live().filter(region_url=region_url, connection_id__in=seen)
    pairs = [(row, seen[row.connection_id]) for row in rows]
    return pairs if deep else [(row, each) for row, each in pairs if _is_well(row, each)]


def _is_well(connection: Connection, seen: ConnectionDetail) -> bool:
    # Without `deep` the list has only a summary of the mappings: "OK" or the problem. A
    # connection that was not well is read again, so that the recovery of its mappings is seen.
    summary = seen.raw.get("mappings_summary_state") or states.SUMMARY_OK
    calm = (*states.WELL, Condition.PAUSED)
    was_well = observations.of(connection).condition in calm
    return was_well and states.of_connection(seen.state) in calm and summary == states.SUMMARY_OK


def _one_by_one(region_url: str, began: datetime, stop_at: datetime) -> int:
    """Read each remaining connection by its own call, the longest unseen first."""
    rest = _live().filter(Q(seen_at=None) | Q(seen_at__lt=began), region_url=region_url)
    count = failed = 0
    for connection in rest.order_by(F("seen_at").asc(nulls_first=True)).iterator(PAGE):
        if timezone.now() > stop_at:
            break
        with http.working_for(connection.tenant.org_id):
            try:
                refresh.refresh(connection)
                count, failed = count + 1, 0
            # The token is wrong for every connection: asking for the next one is of no use.
            except http.Unauthorized:
                raise
            except http.RemoteError as error:
                # A refusal is about this connection alone, and shows that the region answers.
                failed = failed + 1 if isinstance(error, http.Retryable) else 0
                if failed >= MAX_REGION_FAILURES:
                    raise
                log.warning("health unknown connection=%s error=%s", connection.pk, error)
                refresh.mark_unseen(connection, error)
            finally:
                observations.forget([connection])
    return count


def _deep_is_due(region_url: str, now: datetime) -> bool:
    old = Q(health=None) | Q(health__deep_at=None) | Q(health__deep_at__lt=now - DEEP_EVERY)
    # One that cannot be seen stays due, and would make every list a deep one.
    seen = Q(health=None) | Q(health__unknown_since=None)
    return _live().filter(old & seen, region_url=region_url).exists()


def _live() -> QuerySet[Connection]:
    return Connection.objects.filter(stage=Stage.LIVE).select_related("tenant__grant", "health")
