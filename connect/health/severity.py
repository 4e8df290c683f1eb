"""How bad each kind of incident is, as a condition, and which connections have one that bad."""

from typing import Any

from django.db.models import Exists, Q, QuerySet

from connect.models import (
    Condition,
    Connection,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
    WriteError,
)
from tenants import batching

# Without connect.models.COMMON, since they say nothing of a single connection.
SEVERITY: dict[IncidentKind, Condition] = {
    IncidentKind.UNAUTHORIZED: Condition.NEEDS_AUTHORIZATION,
    IncidentKind.SYSTEM_ERROR: Condition.BROKEN,
    IncidentKind.DB_UNAVAILABLE: Condition.BROKEN,
    IncidentKind.TOO_MANY_ROWS: Condition.BROKEN,
    IncidentKind.HEROKU_UNAUTH: Condition.BROKEN,
    IncidentKind.INACTIVE_ORG: Condition.BROKEN,
    IncidentKind.SHELVED: Condition.BROKEN,
    IncidentKind.PAUSED: Condition.BROKEN,
    IncidentKind.MAPPING: Condition.DEGRADED,
    IncidentKind.STRANGE_STATE: Condition.UNKNOWN,
    IncidentKind.WRONG_ORG: Condition.BROKEN,
    IncidentKind.UNSEEN: Condition.UNKNOWN,
    IncidentKind.STUCK_WRITES: Condition.DEGRADED,
    IncidentKind.WRITE_ERRORS: Condition.DEGRADED,
    IncidentKind.TABLES_MISSING: Condition.BROKEN,
    IncidentKind.GRANT_LOST: Condition.DEGRADED,
    IncidentKind.UNINSTALLED: Condition.DEGRADED,
    IncidentKind.REGION: Condition.UNKNOWN,
    IncidentKind.TOKEN: Condition.UNKNOWN,
}
Keys = QuerySet[Any, Any]
_OPEN = Incident.objects.filter(status=IncidentStatus.OPEN).order_by()


def keys(condition: Condition) -> Keys | None:
    """Return the keys of the connections whose incidents say this; None if no incident does.

    An incident whose cause is absent says nothing of the condition: the last look was good.
    A set of keys, since it is small and has an index as long as most connections are well.
    """
    kinds = [kind for kind, severity in SEVERITY.items() if severity == condition]
    if not kinds:
        return None
    found = _of(_OPEN.filter(kind__in=kinds, absent_since=None))
    if condition == SEVERITY[IncidentKind.WRITE_ERRORS]:
        # Those that were scanned a moment ago have no incident yet.
        found = batching.union(found, WriteError.objects.order_by().values("connection"))
    return found


def every() -> Keys:
    """Return the keys of the connections with a present incident or a failed write."""
    found = _of(_OPEN.filter(kind__in=SEVERITY, absent_since=None))
    return batching.union(found, WriteError.objects.order_by().values("connection"))


def recovering() -> Keys:
    """Return the keys of the connections with an incident whose cause is absent at the moment."""
    return _of(_OPEN.filter(kind__in=SEVERITY, absent_since__isnull=False))


def _of(opened: QuerySet[Incident]) -> Keys:
    return batching.union(
        opened.filter(connection__isnull=False).values("connection"), _regional(opened)
    )


def _regional(opened: QuerySet[Incident]) -> Keys:
    """Return the connections of the regions and accounts that have an incident."""
    regional = opened.filter(connection=None)  # of REGIONAL, since only those have a severity
    of_regions = Q(region_url__in=regional.values("region_url"))
    accounts = regional.filter(region_url="").values("scope")
    of_accounts = Q(host_app__account__in=accounts)
    # Asked first: without such an incident, as most often, no connection is looked at.
    live = Connection.objects.filter(Exists(regional), of_regions | of_accounts, stage=Stage.LIVE)
    return live.order_by().values("pk")
