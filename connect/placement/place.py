"""Placing a connection: the choice is stored before the add-on is asked for."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from connect.models import WAITS_FOR_ROOM, Connection, HostApp, Stage
from connect.placement import forecast, rooms
from connect.placement.choose import Choice, Room, Wanted, choose
from tenants import messages

# A host app that staff add or open makes the waiting ones due at once.
LOOK_AGAIN = timedelta(minutes=15)
NO_ROOM = WAITS_FOR_ROOM + ": {}"
Before = dict[int, tuple[str, str]]


def place(connection: Connection) -> tuple[HostApp | None, str]:
    """Return the host app for a connection, or None and what it waits for.

    Call it in a transaction that stores the choice, so that two connections do not get the same
    last place.
    """
    one_at_a_time()
    known = rooms.read()
    choice = choose(known, wanted_by(connection, by_tenant(places_before([connection]))))
    if choice.room is None:
        return None, NO_ROOM.format(choice.refusal)
    _warn_if_scarce(known)
    return HostApp.objects.get(pk=choice.room.id), ""


def one_at_a_time() -> None:
    """Lock all host apps in the order of their keys: other choices are stored, and are counted."""
    # The lock of the day's orders is not enough: at midnight two workers may be in two days.
    list(HostApp.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def wanted_by(connection: Connection, before: Before) -> Wanted:
    """Return what a connection needs: a tenant that starts over keeps its region and database."""
    return Wanted(settings.HEROKU_CONNECT_PLAN, *before.get(connection.tenant_id, ("", "")))


def places_before(connections: Iterable[Connection]) -> QuerySet[Connection, Any]:
    """Return tenant, region and database of the host apps that these tenants had last."""
    again = [each.tenant_id for each in connections if each.generation > 1]
    placed = Connection.objects.filter(tenant__in=again, host_app__isnull=False)
    last = placed.order_by("tenant", "-generation").distinct("tenant")
    places: QuerySet[Connection, Any] = last.values_list(
        "tenant", "host_app__region", "host_app__database"
    )
    return places


def by_tenant(places: Iterable[tuple[int, str, str]]) -> Before:
    """Return region and database by the tenant's key."""
    return {tenant: (region, database) for tenant, region, database in places}


def refusal_for(connection: Connection, known: list[Room], before: Before) -> str:
    """Return why no host app can take a connection that has none yet, "" if one can."""
    choice: Choice = choose(known, wanted_by(connection, before))
    return "" if choice.room else choice.refusal


def waiting() -> QuerySet[Connection]:
    """Return the connections whose next step is to be placed."""
    return Connection.objects.filter(
        stage=Stage.CREATING_ADDON, host_app=None, blocked_at=None, offboarded_at=None
    )


def look_again() -> int:
    """Make those due that wait for room, because a host app was added or changed."""
    return waiting().update(next_attempt_at=timezone.now())


def alert_no_room(why: str) -> None:
    """Notify staff that a tenant waits for room: once for each size of all host apps together."""
    messages.notify_staff(
        None,
        key=f"no-room:{_size(rooms.read())}",
        subject="No host app has room: new tenants wait",
        text=f"A new tenant waits for {why}. “Host apps” in the portal has the button.",
    )


def _warn_if_scarce(known: list[Room]) -> None:
    found = forecast.read(known, timezone.now())
    if not found.is_scarce:
        return
    messages.notify_staff(
        None,
        # The size in the key: what was added and runs short again is a new alert.
        key=f"room-scarce:{_size(known)}",
        subject="The host apps are nearly full",
        text=f"{found.in_words} “Host apps” in the portal has the button.",
    )


def _size(known: list[Room]) -> int:
    """Return how many add-ons the open host apps hold when they are full."""
    return sum(room.addons + room.free for room in known if room.is_open)
