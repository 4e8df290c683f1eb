"""Looking at connections and keeping what was seen.

A whole region costs one call; a call of its own is made only for a connection that is not well, or
not in the list. Memory does not grow with the fleet: the list is read one connection at a time and
written a page at a time.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from connect.clients import heroku_connect, heroku_health, http
from connect.clients.heroku_connect import Detail, MappingDetail
from connect.health import history, incidents, observations, states
from connect.models import Condition, Connection, IncidentKind, Mapping, Stage

log = logging.getLogger(__name__)

PAGE = 50  # connections that are written, and held in memory, at a time
DEEP_EVERY = timedelta(hours=6)
# So many connections in a row that cannot be asked mean that it is the region's trouble.
REGION_IS_AWAY = 5
RUN_SECONDS = 90  # then the rest waits for the next refresh; a task may take 120
_MAPPING_FACTS = (
    "mapping_id",
    "state",
    "access",
    "config",
    "rows_in_database",
    "rows_in_salesforce",
    "rows_pending",
    "rows_failed",
    "seen_at",
)


# --- one connection ------------------------------------------------------------------------------


def refresh(connection: Connection) -> str:
    """Ask Heroku Connect for a connection, store and judge the answer, return its state.

    Raises connect.clients.http.RemoteError.
    """
    seen = heroku_connect.detail(connection.region_url, connection.connection_id, deep=True)
    store(connection, seen)
    return seen.state


def look(connection: Connection) -> bool:
    """Refresh a live connection; one that cannot be seen is unknown from now on. True: seen."""
    token = http.tenant_in_hand.set(connection.tenant.org_id)
    try:
        refresh(connection)
    except http.RemoteError as trouble:
        log.warning("health unknown connection=%s error=%s", connection.pk, trouble)
        unseen(connection, trouble)
        return False
    finally:
        http.tenant_in_hand.reset(token)
    return True


def store(connection: Connection, seen: Detail) -> None:
    """Keep a connection's state, its mappings (gone ones are removed), a sample and a judgement."""
    _keep([(connection, seen)], deep=True)


def unseen(connection: Connection, trouble: http.RemoteError) -> None:
    """Note that a connection could not be seen, and for how long."""
    health = observations.of(connection)
    observations.note_unseen([health], timezone.now())
    incidents.judge_one(health, {IncidentKind.UNSEEN: f"{trouble.words}."}, only=True)


# --- a whole region ------------------------------------------------------------------------------


def regions() -> list[str]:
    """Return the regions in which there are live connections."""
    found = _live().order_by("region_url").values_list("region_url", flat=True).distinct()
    return list(found)


def refresh_region(region_url: str) -> int:
    """Refresh the live connections of a region; return how many were seen."""
    began = timezone.now()
    stop_at = began + timedelta(seconds=RUN_SECONDS)
    try:
        seen = _from_the_list(region_url, began)
        found = seen + _one_by_one(region_url, began, stop_at)
    except http.Unauthorized as trouble:
        incidents.suspect_region("", IncidentKind.TOKEN, f"{trouble.words}. Set HEROKU_API_TOKEN.")
        observations.note_region_unseen(region_url, began)
        return 0
    except http.Retryable as trouble:
        log.warning("region away region=%s error=%s", region_url, trouble)
        incidents.suspect_region(region_url, IncidentKind.REGION, f"{trouble.words}.")
        observations.note_region_unseen(region_url, began)
        return 0
    incidents.region_is_back(region_url)
    return found


def refresh_all() -> int:
    """Refresh every region, one after the other; return how many connections were seen."""
    return sum(refresh_region(region_url) for region_url in regions())


def _from_the_list(region_url: str, began: datetime) -> int:
    """Store what the region's list says of those that are well; return how many."""
    deep = _deep_is_due(region_url, began)
    listed = heroku_health.listed(region_url, settings.APP_NAME, deep=deep)
    count = 0
    try:
        while page := list(islice(listed, PAGE)):
            pairs = _matched(region_url, page, deep=deep)
            count += _keep(pairs, deep=deep)
            observations.forget(row for row, _ in pairs)
    except (http.NotFound, http.Conflict) as trouble:
        # The list is an old call that no document promises: without it, each is asked by itself.
        log.warning("no list of connections region=%s error=%s", region_url, trouble)
    return count


def _matched(
    region_url: str, page: Iterable[Detail], *, deep: bool
) -> list[tuple[Connection, Detail]]:
    """Pair a page of the list with our rows; those not well are left for a call of their own."""
    seen = {each.id: each for each in page}
    rows = _live().filter(region_url=region_url, connection_id__in=seen)
    pairs = [(row, seen[row.connection_id]) for row in rows]
    return pairs if deep else [(row, each) for row, each in pairs if _is_well(row, each)]


def _is_well(connection: Connection, seen: Detail) -> bool:
    # Without `deep` the summary is all that is told of the mappings; it is "OK" or the trouble.
    # One that was not well is looked at once more, so that its mappings' recovery is seen too.
    summary = seen.raw.get("mappings_summary_state") or states.SUMMARY_OK
    calm = (*states.WELL, Condition.PAUSED)
    was_well = observations.of(connection).condition in calm
    return was_well and states.of_connection(seen.state) in calm and summary == states.SUMMARY_OK


def _one_by_one(region_url: str, began: datetime, stop_at: datetime) -> int:
    """Ask for each connection that the list did not settle, the longest unseen first."""
    rest = _live().filter(Q(seen_at=None) | Q(seen_at__lt=began), region_url=region_url)
    count = failed = 0
    for connection in rest.order_by(F("seen_at").asc(nulls_first=True)).iterator(PAGE):
        if timezone.now() > stop_at:
            break
        token = http.tenant_in_hand.set(connection.tenant.org_id)
        try:
            refresh(connection)
            count, failed = count + 1, 0
        except http.Unauthorized:
            raise
        except http.RemoteError as trouble:
            failed = failed + 1 if isinstance(trouble, http.Retryable) else 0
            if failed >= REGION_IS_AWAY:
                raise
            log.warning("health unknown connection=%s error=%s", connection.pk, trouble)
            unseen(connection, trouble)
        finally:
            http.tenant_in_hand.reset(token)
            observations.forget([connection])
    return count


def _deep_is_due(region_url: str, now: datetime) -> bool:
    old = Q(health=None) | Q(health__deep_at=None) | Q(health__deep_at__lt=now - DEEP_EVERY)
    seen = Q(health=None) | Q(health__unknown_since=None)
    return _live().filter(old & seen, region_url=region_url).exists()


def _live() -> QuerySet[Connection]:
    return Connection.objects.filter(stage=Stage.LIVE).select_related("tenant__grant", "health")


# --- keeping what was seen -----------------------------------------------------------------------


def _keep(pairs: list[tuple[Connection, Detail]], *, deep: bool) -> int:
    now = timezone.now()
    with transaction.atomic():
        for connection, seen in pairs:
            connection.state, connection.seen_at = seen.state, now
        for state in {row.state for row, _ in pairs}:
            same = [row.pk for row, _ in pairs if row.state == state]
            Connection.objects.filter(pk__in=same).update(state=state, seen_at=now)
        if deep:
            for connection, seen in pairs:
                _keep_mappings(connection, seen.mappings)
        healths = observations.note(pairs, now, deep=deep)
        history.sample(healths, now)
        incidents.judge(each for each in healths if each.connection.stage == Stage.LIVE)
    return len(pairs)


def _keep_mappings(connection: Connection, found: Iterable[MappingDetail]) -> None:
    rows = [_mapping(connection, mapping) for mapping in found]
    names = [row.object_name for row in rows]
    connection.mappings.exclude(object_name__in=names).delete()
    Mapping.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "object_name"],
        update_fields=_MAPPING_FACTS,
    )


def _mapping(connection: Connection, mapping: MappingDetail) -> Mapping:
    return Mapping(
        connection=connection,
        object_name=mapping.object_name,
        mapping_id=mapping.id,
        state=mapping.state,
        access=mapping.access,
        config=mapping.config,
        rows_in_database=mapping.rows_in_database,
        rows_in_salesforce=mapping.rows_in_salesforce,
        rows_pending=mapping.rows_pending,
        rows_failed=mapping.rows_failed,
        seen_at=timezone.now(),
    )
