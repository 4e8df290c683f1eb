"""Placing a connection in its step: stored first, never changed, and waiting for room."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import holds
from connect.models import AddonDay, Connection, HostApp, Incident, Stage, WaitingOn
from connect.operations import connection as operations
from connect.placement import place, rooms
from connect.provisioning import reconciler, spending
from tenants.models import Message, Proof
from tests import cast
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db


def host(name: str, **facts: Any) -> HostApp:
    """Store a ready host app, there and here."""
    return HostApp.objects.create(name=name, ready_at=timezone.now(), **facts)


def close(**facts: Any) -> None:
    HostApp.objects.update(**{"accepts": False, **facts})


def test_the_host_app_is_stored_before_the_addon_is_asked_for(journey: Journey) -> None:
    journey.fault("heroku", "POST", "/addons$", drop="before")
    journey.advance()
    connection = Connection.objects.get()
    assert (connection.host_app, bool(connection.addon_requested_at)) == (cast.host_app(), True)
    assert not journey.running.addons()


def test_a_lost_answer_is_looked_for_on_the_same_host_app(journey: Journey) -> None:
    journey.fault("heroku", "POST", "/addons$", drop="after")
    journey.advance()
    close()
    host("isv-connect-2")  # emptier, but the choice is made
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.connection.host_app == cast.host_app()
    assert len(journey.running.addons()) == 1


def test_without_room_a_tenant_waits_with_the_reason_and_staff_are_notified_once(
    journey: Journey,
) -> None:
    close()
    for _ in range(3):
        journey.advance()
    seen = journey.connection
    assert (seen.stage, seen.waiting_on) == (Stage.CREATING_ADDON, WaitingOn.STAFF)
    assert seen.waiting_for.startswith("room for its add-on: multiconnect-test accepts no new")
    assert not AddonDay.objects.filter(ordered__gt=0).exists()
    assert Message.objects.filter(subject__contains="No host app has room").count() == 1
    [held] = holds.of_connection(seen, timezone.now())
    assert held.text == "No host app has room: multiconnect-test accepts no new tenants."


def test_without_room_on_200_host_apps_a_tenant_waits_as_on_one(journey: Journey) -> None:
    close()
    HostApp.objects.bulk_create(HostApp(name=f"isv-connect-{n}") for n in range(200))
    seen = journey.advance()
    assert (seen.stage, seen.waiting_on) == (Stage.CREATING_ADDON, WaitingOn.STAFF)
    assert "isv-connect-0 is not ready (and 199 more)" in seen.waiting_for


def test_room_makes_the_waiting_go_on(journey: Journey) -> None:
    close()
    journey.advance()
    HostApp.objects.update(accepts=True)
    assert place.look_again() == 1
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert holds.of_connection(journey.connection, timezone.now()) == []


def test_the_last_place_is_given_once(emulator: emulated.Running) -> None:
    HostApp.objects.update(max_addons=1)
    first = Journey(emulator, cast.ACME, Proof.SIGNED)
    second = Journey(emulator, cast.BOREALIS, Proof.SIGNED)
    for each in (first, second):
        each.advance()
    assert first.connection.host_app
    assert second.connection.host_app is None
    assert [room.addons for room in rooms.read()] == [1]


@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once_also_around_midnight() -> None:
    HostApp.objects.update(max_addons=1)
    made = [
        cast.connect(cast.enrol(who), Stage.CREATING_ADDON, host_app=None)
        for who in (cast.ACME, cast.BOREALIS)
    ]
    both = Barrier(2)

    def order(connection: Connection, day: date) -> bool:
        try:
            with transaction.atomic():
                spending.reserve(day)
                both.wait(timeout=10)
                found, _ = place.place(connection)
                time.sleep(0.2)  # each chooses before the other has stored its choice
                Connection.objects.filter(pk=connection.pk).update(host_app=found)
                return found is not None
        finally:
            connections.close_all()

    days = [date(2026, 11, 26), date(2026, 11, 27)]
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(order, made, days)) == [False, True]


def test_staff_are_notified_once_that_less_than_a_month_fits(emulator: emulated.Running) -> None:
    HostApp.objects.update(max_addons=3)
    for who in (cast.ACME, cast.BOREALIS, cast.CIRRUS):
        Journey(emulator, who, Proof.SIGNED).advance()
    mails = Message.objects.filter(subject__contains="nearly full")
    assert mails.count() == 1
    HostApp.objects.update(max_addons=4)  # more room, and short again: a new alert
    Journey(emulator, cast.DUNE, Proof.SIGNED).advance()
    assert mails.count() == 2


def test_a_tenant_that_starts_over_stays_in_its_region_and_database(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    host("elsewhere", region="eu")
    operations.operate("start_over", journey.connection.pk, "mia", {"schema_fate": "keep"})
    reconciler.advance(journey.connection.pk)
    following = Connection.objects.get(offboarded_at=None)
    reconciler.advance(following.pk)
    reconciler.advance(following.pk)
    following.refresh_from_db()
    assert (following.generation, following.host_app) == (2, cast.host_app())


def test_a_connection_counts_until_its_addon_is_gone(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    [room] = rooms.read()
    assert (room.addons, room.config_bytes) == (1, 63)
    # The add-on is still there in the grace period.
    operations.operate("offboard", journey.connection.pk, "mia", {"schema_fate": "keep"})
    assert rooms.read() == [room]
    operations.operate("end_grace", journey.connection.pk, "mia", {})
    reconciler.advance(journey.connection.pk)
    [room] = rooms.read()
    assert (room.addons, room.config_bytes) == (0, 0)


def test_the_price_is_what_heroku_bills(journey: Journey, settings: Settings) -> None:
    settings.HEROKU_CONNECT_PLAN = "herokuconnect:enterprise"
    journey.running.behave(plan_cents=["enterprise=50000"])
    journey.reach(Stage.WAITING_FOR_CONSENT)
    assert journey.connection.monthly_cents == 50_000


def test_an_open_incident_of_a_database_keeps_new_tenants_off_it(journey: Journey) -> None:
    second = host("isv-connect-2", database="tenants_eu")
    close(accepts=True, max_addons=1000)
    Incident.objects.create(kind="database", scope="tenants_eu", status="open", text="Away.")
    assert [room.is_away for room in rooms.read()] == [True, False]
    assert place.place(journey.connection)[0] != second
