"""Refreshing all live connections of a host app in a region.

They cost one call together. Only connections that are not well or not listed need a call of their
own. Memory does not grow with the fleet: the list is read one connection at a time and stored page
by page.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from connect.clients import budget, heroku_health, http
from connect.clients.accounts import App, app_of_host
from connect.clients.connection_detail import ConnectionDetail
from connect.formats import sentence
from connect.health import common, incidents, observations, refresh, states
from connect.models import Condition, Connection, HostApp, IncidentKind, Stage
from connect.runner import refused_token

log = logging.getLogger(__name__)

PAGE = 500  # connections that are written, and held in memory, at a time
DEEP_EVERY = timedelta(hours=6)
# After this many failures in a row the region itself is the problem.
MAX_REGION_FAILURES = 5
MAX_FAILURES_WITHOUT_LIST = 2  # the refused list is a failure too
# One that could not be read for so long is tried once in each such time.
REST_AFTER = timedelta(days=1)
REST = timedelta(hours=1)
CALLS_BETWEEN_LOOKS = 25  # at the account's budget
MAX_RUN_SECONDS = 90  # the rest waits for the next refresh; a task may take 120


@dataclass(frozen=True)
class Part:
    """The live connections of a host app in a region: what one list shows."""

    region_url: str
    host: HostApp

    @property
    def app(self) -> App:
        return app_of_host(self.host)

    @property
    def live(self) -> QuerySet[Connection]:
        return _live().filter(region_url=self.region_url, host_app=self.host)


def parts() -> list[tuple[str, int]]:
    """Return the regions and the keys of the host apps with live connections there."""
    found = _live().order_by("region_url", "host_app")
    return list(found.values_list("region_url", "host_app_id").distinct())


def refresh_region(region_url: str, host_app_id: int) -> int:
    """Refresh the live connections of a host app in a region; return how many were seen."""
    began = timezone.now()
    part = Part(region_url, HostApp.objects.get(pk=host_app_id))
    try:
        refusal, listed = _from_list(part, began)
        found = listed + _one_by_one(part, began, listed, refusal)
    except http.Unauthorized as error:
        # The token is the same in all regions, so this is one incident and not one for each.
        text = f"{sentence(error.words)} {refused_token.remedy(part.host.account)}"
        incidents.suspect_account(part.host.account, text)
        found = _note_unseen(part, began)
    except http.RemoteError as error:
        log.warning("region away region=%s error=%s", region_url, error)
        incidents.suspect_region(region_url, sentence(error.words))
        found = _note_unseen(part, began)
    else:
        incidents.region_recovered(region_url, part.host.account)
        _note_list(part, refusal)
    common.update()
    return found


def _note_unseen(part: Part, began: datetime) -> int:
    observations.note_region_unseen(part.region_url, part.host.pk, began)
    return 0


def _note_list(part: Part, refusal: http.RemoteError | None) -> None:
    scope, text = part.host.name, _without_list(refusal)
    incidents.update_common(IncidentKind.LIST_REFUSED, text, part.region_url, scope)


def _from_list(part: Part, began: datetime) -> tuple[http.RemoteError | None, int]:
    """Store what the list says of those that are well; return its refusal and how many.

    Raises RemoteError if the region did not answer, or asks to be left alone.
    """
    deep = _deep_is_due(part, began)
    listed = heroku_health.list_details(part.region_url, part.app, deep=deep)
    count = 0
    try:
        while page := list(islice(listed, PAGE)):
            count += _store(_matched(part, began, page, deep=deep), deep=deep)
    except http.RemoteError as error:
        # 429 does not refuse the list: a call for each connection would make it worse.
        if isinstance(error, http.Unauthorized) or error.status in (None, 429):
            raise
        # The list is an undocumented call. Without it, each connection is read by its own call.
        log.warning("no list of connections region=%s error=%s", part.region_url, error)
        return error, count
    return None, count


def _store(pairs: list[tuple[Connection, ConnectionDetail]], *, deep: bool) -> int:
    try:
        return refresh.store_page(pairs, deep=deep)
    except Exception:  # a fault of one connection must not stop the others: each is read alone
        log.exception("page of connections not stored")
        return 0
    finally:
        observations.forget(row for row, _ in pairs)


def _without_list(refusal: http.RemoteError | None) -> str:
    if refusal is None:
        return ""
    then = "Each connection is read by a call of its own, which costs more calls."
    return f"{sentence(refusal.words)} {then}"


def _matched(
    part: Part, began: datetime, page: Iterable[ConnectionDetail], *, deep: bool
) -> list[tuple[Connection, ConnectionDetail]]:
    """Match a page of the list with our rows. Connections that are not well get their own call."""
    seen = {each.id: each for each in page}
    # Read after the list was asked for, those of others are newer than the list.
    rows = part.live.filter(_not_seen_since(began), connection_id__in=seen)
    pairs = [(row, seen[row.connection_id]) for row in rows]
    return pairs if deep else [(row, each) for row, each in pairs if _is_well(row, each)]


def _is_well(connection: Connection, seen: ConnectionDetail) -> bool:
    # Without `deep` the list has only a summary of the mappings: "OK" or the problem. A
    # connection that was not well is read again, so that the recovery of its mappings is seen.
    summary = seen.raw.get("mappings_summary_state") or states.SUMMARY_OK
    calm = (*states.WELL, Condition.PAUSED)
    was_well = observations.of(connection).condition in calm
    return was_well and states.of_connection(seen.state) in calm and summary == states.SUMMARY_OK


def _one_by_one(part: Part, began: datetime, seen: int, refusal: http.RemoteError | None) -> int:
    """Read each remaining connection by its own call; return how many were seen.

    Raises RemoteError if the region is to blame: nothing at all was seen in it.
    """
    stop_at = began + timedelta(seconds=MAX_RUN_SECONDS)
    limit = MAX_FAILURES_WITHOUT_LIST if refusal else MAX_REGION_FAILURES
    count = failures = 0
    for number, connection in enumerate(_rest(part, began).iterator(PAGE)):
        if timezone.now() > stop_at or failures >= MAX_REGION_FAILURES:
            break
        if not number % CALLS_BETWEEN_LOOKS and not _may_call(part):
            break
        error = refresh.refresh_or_mark_unseen(connection)
        observations.forget([connection])
        if error is None:
            count, failures = count + 1, 0
            continue
        # A refusal is about this connection alone, and shows that the region answers.
        failures = failures + 1 if refusal or isinstance(error, http.Retryable) else 0
        # The token is wrong for every connection: asking for the next one is of no use.
        is_shared = failures >= limit and not seen + count
        if isinstance(error, http.Unauthorized) or (is_shared and _is_remote(error)):
            raise error
    if refusal and failures and not seen + count:
        raise refusal
    return count


def _may_call(part: Part) -> bool:
    """Return whether the account has calls that are not kept for provisioning."""
    return budget.allows_background_work(part.host.account, [budget.CONNECT])


def _is_remote(error: Exception) -> bool:
    return isinstance(error, http.RemoteError)


def _rest(part: Part, began: datetime) -> QuerySet[Connection]:
    """Return those not seen yet, the longest unseen first.

    Those that failed before come last, so that they hold up nobody else.
    """
    rest = part.live.filter(_not_seen_since(began))
    return rest.exclude(_is_resting(began)).order_by(
        F("health__failed_at").asc(nulls_first=True), F("seen_at").asc(nulls_first=True)
    )


def _not_seen_since(began: datetime) -> Q:
    return Q(seen_at=None) | Q(seen_at__lt=began)


def _is_resting(now: datetime) -> Q:
    # Its incident has notified staff; at full pace it would use up Heroku's budget of calls.
    failed_long = Q(health__unknown_since__lt=now - REST_AFTER)
    return failed_long & Q(health__failed_at__gt=now - REST)


def _deep_is_due(part: Part, now: datetime) -> bool:
    old = Q(health=None) | Q(health__deep_at=None) | Q(health__deep_at__lt=now - DEEP_EVERY)
    # One that cannot be seen stays due, and would make every list a deep one.
    seen = Q(health=None) | Q(health__unknown_since=None)
    return part.live.filter(old & seen).exists()


def _live() -> QuerySet[Connection]:
    return Connection.objects.filter(stage=Stage.LIVE).select_related(
        "tenant__grant", "health", "host_app"
    )
