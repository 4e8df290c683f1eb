"""Reading the facts of connections: two queries for any number, none where none is live."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from connect.health import conditions
from connect.models import (
    REGIONAL,
    BlockedKind,
    Condition,
    Connection,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
    WaitingOn,
    WriteError,
)
from connect.standing.facts import Facts, OpenIncident
from connect.standing.judging import Standing, judge
from tenants.batching import Asking, batched
from tenants.models import Tenant

_ACCOUNT = "account:"  # begins the key of an account's incidents, beside those of regions


def of(connection: Connection) -> Standing:
    """Return how one connection stands now."""
    return of_many([connection])[connection.pk]


@batched
def of_many(connections: Iterable[Connection]) -> Asking[dict[int, Standing]]:
    """Return how each of them stands now, by its key."""
    rows, now = list(connections), timezone.now()
    live = [row.pk for row in rows if row.stage == Stage.LIVE]
    beside, incidents = (yield asked(live)) if live else ((), ())
    return of_asked(rows, beside, incidents, now)


def of_tenant(tenant: Tenant, connection: Connection | None) -> Standing:
    """Return how a tenant stands, also one without a current connection."""
    if connection:
        return of(connection)
    return without_connection(tenant)


def without_connection(tenant: Tenant) -> Standing:
    """Return how a tenant without a current connection stands: it is new, or it is gone."""
    if tenant.offboarded_at:
        return judge(Facts(Stage.OFFBOARDED, tenant.offboarded_at))
    return judge(Facts(None, tenant.registered_at))


def facts_of(connections: Iterable[Connection], now: datetime) -> dict[int, Facts]:
    """Return the facts of connections by their keys."""
    rows = list(connections)
    live = [row.pk for row in rows if row.stage == Stage.LIVE]
    beside, incidents = asked(live) if live else ((), ())
    return _with_facts(rows, beside, incidents, now)


def asked(keys: list[int]) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the queries whose rows, with the connections of these keys, are all the facts."""
    return _beside(keys), _incidents(keys)


def of_asked(
    rows: Iterable[Connection], beside: Iterable[Any], incidents: Iterable[Incident], now: datetime
) -> dict[int, Standing]:
    """Return how connections stand, by their keys, from the rows of `asked`."""
    return {pk: judge(facts) for pk, facts in _with_facts(rows, beside, incidents, now).items()}


def _with_facts(
    rows: Iterable[Connection], beside: Iterable[Any], incidents: Iterable[Incident], now: datetime
) -> dict[int, Facts]:
    by_key, by_subject = {each.pk: each for each in beside}, _sorted(incidents)

    def of_live(row: Connection) -> dict[str, Any]:
        if row.stage != Stage.LIVE:
            return {}
        return _of_live(row, by_key[row.pk], by_subject, now)

    return {row.pk: Facts(**_own(row, now), **of_live(row)) for row in rows}


def _own(row: Connection, now: datetime) -> dict[str, Any]:
    kind = BlockedKind(row.blocked_kind or BlockedKind.OTHER)
    return {
        "stage": Stage(row.stage),
        "stage_since": row.stage_since,
        "waiting_on": WaitingOn(row.waiting_on),
        "waiting_for": row.waiting_for,
        "blocked": kind if row.blocked_at else None,
        "blocked_reason": row.blocked_reason,
        "trouble_since": row.trouble_since or row.blocked_at,
        "state": row.state,
        "ends_at": row.ends_at,
        "paused_until": row.paused_until if row.is_paused_on_purpose(now) else None,
        "pause_note": row.pause_note,
        "snoozed_until": row.snoozed_until if row.is_snoozed(now) else None,
    }


def _of_live(
    row: Connection, beside: Any, incidents: "_Incidents", now: datetime
) -> dict[str, Any]:
    opened, suspected, regional = incidents
    of_account = regional[f"{_ACCOUNT}{beside.account or ''}"]
    return {
        **_of_health(getattr(beside, "health", None), now),
        "incidents": (*opened[row.pk], *regional[row.region_url], *of_account),
        "suspected": tuple(suspected[row.pk]),
        "drifted_since": _drifted_since(getattr(beside, "drift", None)),
        "failed_writes": beside.failed,
    }


def _beside(keys: list[int]) -> QuerySet[Any]:
    """Return connections with health, drift, the number of failed writes and the Heroku account.

    They are read again, because what the caller holds may be older.
    """
    errors = WriteError.objects.filter(connection=OuterRef("pk")).order_by().values("connection")
    failed = Subquery(errors.annotate(failed=Sum("failed")).values("failed"))
    rows = Connection.objects.filter(pk__in=keys).order_by()
    found = rows.select_related("health", "drift").only("health", "drift")
    beside: QuerySet[Any] = found.annotate(
        failed=Coalesce(failed, 0), account=F("host_app__account")
    )
    return beside


def _drifted_since(drift: Drift | None) -> datetime | None:
    return drift.since if drift and drift.state == DriftState.DRIFTED else None


def _of_health(health: Health | None, now: datetime) -> dict[str, Any]:
    if health is None:
        return {"condition": Condition.UNKNOWN, "seen": False}
    condition = conditions.noted(health, now)
    is_stale = condition != health.condition
    return {
        "condition": condition,
        "condition_reason": "" if is_stale else health.reason,
        "condition_since": health.sampled_at if is_stale else health.since,
        "seen": not is_stale and health.unknown_since is None,
        "paused_by": health.paused_by,
        "synced_at": health.good_at,
    }


_ByConnection = defaultdict[int | None, list[OpenIncident]]
_ByRegion = defaultdict[str, list[OpenIncident]]
_Incidents = tuple[_ByConnection, _ByConnection, _ByRegion]


def _incidents(keys: list[int]) -> QuerySet[Any]:
    of_regions = Q(connection=None, kind__in=REGIONAL, status=IncidentStatus.OPEN)
    rows = Incident.objects.filter(Q(connection__in=keys) | of_regions)
    return rows.exclude(status=IncidentStatus.CLOSED).order_by("suspected_at", "pk")


def _sorted(rows: Iterable[Incident]) -> _Incidents:
    """Return the open and the suspected incidents of connections, and the open ones of regions.

    Those of accounts are under "account:".
    """
    opened: _ByConnection = defaultdict(list)
    suspected: _ByConnection = defaultdict(list)
    regional: _ByRegion = defaultdict(list)
    for row in rows:
        if row.connection_id is None:
            regional[row.region_url or f"{_ACCOUNT}{row.scope}"].append(_as_fact(row))
        elif row.status == IncidentStatus.OPEN:
            opened[row.connection_id].append(_as_fact(row))
        else:
            suspected[row.connection_id].append(_as_fact(row))
    return opened, suspected, regional


def _as_fact(row: Incident) -> OpenIncident:
    return OpenIncident(
        IncidentKind(row.kind),
        row.text,
        row.suspected_at,
        row.needs_person_since is not None,
        row.absent_since,
    )
