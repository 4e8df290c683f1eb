"""The rooms of all host apps, read from our rows: one query for any number."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Length

from connect.models import HostApp, Incident, IncidentKind, IncidentStatus
from connect.placement.choose import Room, config_bytes

# As connect.databases.scope_of: what an incident about its database is filed under.
_SCOPE = Case(When(database=DEFAULT_DB_ALIAS, then=Value("")), default=F("database"))
_AWAY = Incident.objects.filter(
    kind=IncidentKind.DATABASE, status=IncidentStatus.OPEN, scope=OuterRef("scope")
)


def annotated() -> QuerySet[HostApp]:
    """Return the host apps with how many add-ons each holds, the digits of their generations, and
    whether the database is away.

    A connection counts from its placement until its add-on is gone: the relation `current`.
    """
    digits = Sum(Length(Cast("current__generation", CharField())))
    # With this condition an index has all that is counted (connection_of_host).
    current = FilteredRelation("connections", condition=Q(connections__offboarded_at=None))
    hosts = HostApp.objects.alias(scope=_SCOPE, current=current).annotate(
        held=Count("current"), digits=Coalesce(digits, 0), away=Exists(_AWAY)
    )
    return hosts.order_by("name")


def read() -> list[Room]:
    """Return the room of each host app, by name."""
    return [of(host) for host in annotated().defer("token")]


def of(host: Any) -> Room:
    """Return the room of a host app of annotated()."""
    held, digits = host.held, host.digits
    # Of one digit each; the digits above one are added.
    of_tenants = held * config_bytes(host.config_var) + 2 * (digits - held)
    return Room(
        id=host.pk,
        name=host.name,
        region=host.region,
        plan=host.plan,
        database=host.database,
        config_var=host.config_var,
        addons=held,
        max_addons=host.max_addons,
        config_bytes=host.other_config_bytes + of_tenants,
        max_config_bytes=host.max_config_bytes,
        accepts=host.accepts,
        is_ready=host.ready_at is not None,
        is_away=host.away,
    )
