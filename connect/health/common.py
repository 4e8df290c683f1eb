"""Troubles of many connections at once: one incident, and one alert, for all of them."""

from datetime import datetime

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.utils import timezone

from connect import databases
from connect.formats import counted, format_time
from connect.health import conditions, healing, incidents
from connect.models import Connection, HostApp, Incident, IncidentKind, IncidentStatus, Stage
from tenants import sweeps

MANY = 3  # connections whose database is unavailable: then it is not a matter of one of them


def update() -> None:
    """Update the incidents about many connections, after a region was looked at and each minute."""
    now = timezone.now()
    incidents.update_common(IncidentKind.STALE, _stale(now))
    for alias in _databases():
        text = _database(alias)
        incidents.update_common(IncidentKind.DATABASE, text, scope=databases.scope_of(alias))


def _stale(now: datetime) -> str:
    """Return what to say of connections that nobody has looked at; "" if there are none."""
    count = stale(now).count()
    if not count:
        return ""
    before = now - conditions.UNSEEN_AFTER
    return f"{counted(count, 'live connection')} not looked at since {format_time(before)}."


def stale(now: datetime) -> QuerySet[Connection]:
    """Return the live connections that nobody has looked at for too long."""
    before = now - conditions.UNSEEN_AFTER
    unseen = Q(health=None) | Q(health__sampled_at=None) | Q(health__sampled_at__lt=before)
    unseen |= sweeps.in_future("health__sampled_at", now)
    # One that was looked at in vain has an incident of its own, or its region has.
    tried = Q(health__unknown_since__isnull=False)
    live = Connection.objects.filter(stage=Stage.LIVE, live_at__lt=before)
    return live.filter(unseen).exclude(tried)


def _databases() -> set[str]:
    """Return the databases of the host apps, and the portal's own."""
    return {DEFAULT_DB_ALIAS, *HostApp.objects.order_by().values_list("database", flat=True)}


def _database(alias: str) -> str:
    """Return what to say of a database that the portal or many cannot reach; "" if it is not so."""
    if alias != DEFAULT_DB_ALIAS and (why := databases.problem(alias)):
        incidents.forget_suspected(
            IncidentKind.DB_UNAVAILABLE, connection__host_app__database=alias
        )
        return f"{why}. Its tenants wait; all others go on."
    return _unreachable(databases.scope_of(alias))


def _unreachable(scope: str) -> str:
    kind = IncidentKind.DATABASE
    known = Incident.objects.filter(kind=kind, scope=scope)
    is_known = known.exclude(status=IncidentStatus.CLOSED).exists()
    rows = healing.without_database(scope)
    count = rows.count()
    # Once it is known, the last of them still belong to it.
    if count < MANY and not (is_known and count):
        return ""
    of_these = {"connection__host_app__database": scope} if scope else {}
    incidents.forget_suspected(IncidentKind.DB_UNAVAILABLE, **of_these)
    named = ", ".join(str(row.tenant) for row in rows[:MANY])
    return f"{counted(count, 'live connection')} cannot reach Postgres, e.g. of {named}."
