"""The rooms of all host apps, read from our rows: two queries for any number."""

from collections.abc import Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import CharField, Count, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Length

from connect.models import HostApp, Incident, IncidentKind, IncidentStatus
from connect.placement.choose import Room, config_bytes

_HELD = Q(connections__isnull=False, connections__offboarded_at=None)


def annotated() -> QuerySet[HostApp]:
    """Return the host apps with how many add-ons each holds, and the digits of generations.

    A connection counts from its placement until its add-on is gone.
    """
    digits = Sum(Length(Cast("connections__generation", CharField())), filter=_HELD)
    hosts = HostApp.objects.annotate(
        held=Count("connections", filter=_HELD), digits=Coalesce(digits, 0)
    )
    return hosts.order_by("name")


def read() -> list[Room]:
    """Return the room of each host app, by name."""
    opened = Incident.objects.filter(kind=IncidentKind.DATABASE, status=IncidentStatus.OPEN)
    away = {each or DEFAULT_DB_ALIAS for each in opened.values_list("scope", flat=True)}
    return [of(host, away) for host in annotated().defer("token")]


def of(host: Any, away: Collection[str] = ()) -> Room:
    """Return the room of a host app of annotated(); `away` are the databases that are."""
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
        is_away=host.database in away,
    )
