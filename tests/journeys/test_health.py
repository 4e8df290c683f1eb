"""Trouble begins, staff are notified once, the portal fixes what it can, and trouble ends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import tasks
from connect.models import Connection, HealingAttempt, Incident, IncidentKind, IncidentStatus, Stage
from connect.operations import connection as operations
from tenants import timeline
from tenants.models import (
    Event,
    EventKind,
    GrantStatus,
    Message,
    MessageKind,
    Proof,
    SalesforceGrant,
)
from tests import cast, queue
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
Fleet = dict[str, Journey]
K = IncidentKind


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


def live(running: emulated.Running, *people: dict[str, str]) -> Fleet:
    """Make tenants live; nothing waits in the queue, and no mail or call is counted so far."""
    fleet = {who["name"].split()[0]: Journey(running, who, Proof.STAFF) for who in people}
    for each in fleet.values():
        each.reach(Stage.LIVE)
    queue.drain()
    Message.objects.all().delete()
    running.clear_calls()
    return fleet


@pytest.fixture
def fleet(emulator: emulated.Running) -> Fleet:
    """Five live tenants."""
    return live(emulator, cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE, cast.EMBER)


@pytest.fixture
def two(emulator: emulated.Running) -> Fleet:
    """Acme, which a test is about, and Borealis, to which nothing happens."""
    return live(emulator, cast.ACME, cast.BOREALIS)


def force(journey: Journey, state: str) -> None:
    url = f"{journey.running.url}/control/connections/{journey.connection.connection_id}/state"
    requests.post(url, json={"state": state}, timeout=10).raise_for_status()


def pass_minutes(clock: time_machine.Traveller, minutes: int, *, every: int = 1) -> None:
    """Let time pass, with the schedules and the worker doing what is theirs."""
    for minute in range(0, minutes, every):
        clock.shift(timedelta(minutes=every))
        if minute % 5 == 0:
            tasks.refresh_health()
        tasks.check_incidents()
        queue.drain()


def subjects(kind: MessageKind = MessageKind.INCIDENT) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("subject", flat=True))


def incidents(status: IncidentStatus) -> list[tuple[str, str]]:
    return sorted((each.kind, each.target) for each in Incident.objects.filter(status=status))


def names(fleet: Fleet, *wanted: str) -> list[str]:
    return [str(fleet[each].tenant) for each in wanted]


def test_each_kind_of_trouble_is_notified_once_and_closed_on_recovery(
    fleet: Fleet, emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    for name in ("Acme", "Borealis", "Cirrus"):
        force(fleet[name], "UNAUTHORIZED")
    force(fleet["Dune"], "DB_UNAVAILABLE")
    ember = fleet["Ember"]
    uninstall = f"{emulator.url}/control/orgs/{ember.org_id}/uninstall"
    requests.post(uninstall, timeout=10).raise_for_status()
    tasks.maintain_health()
    pass_minutes(clock, 4)

    expected = [("unauthorized", each) for each in names(fleet, "Acme", "Borealis", "Cirrus")]
    dune = ("db_unavailable", "Dune Ltd")
    gone = ("uninstalled", "Ember AG")
    opened = Incident.objects.filter(opened_at__isnull=False)
    found = sorted((each.kind, each.target) for each in opened)
    assert found == sorted([*expected, dune, gone])
    assert len(subjects()) == 5  # one message for each
    assert Message.objects.filter(kind=MessageKind.AUTHORIZE_AGAIN).count() == 3

    # The portal restarted Dune's connection by itself. It breaks again: the same incident, which
    # is said once.
    assert HealingAttempt.objects.filter(remedy="restart").count() == 1
    assert fleet["Dune"].calls("POST", "/actions/restart") == 1
    (healed,) = Event.objects.filter(tenant__name="Dune Ltd", text__startswith="Restart")
    assert (healed.kind, healed.actor) == (EventKind.HEALING, timeline.PORTAL)
    pass_minutes(clock, 5)
    assert Incident.objects.get(kind=K.DB_UNAVAILABLE).status == IncidentStatus.CLOSED
    force(fleet["Dune"], "DB_UNAVAILABLE")
    pass_minutes(clock, 12)
    assert fleet["Dune"].calls("POST", "/actions/restart") == 2
    assert Incident.objects.filter(kind=K.DB_UNAVAILABLE).count() == 1
    assert sum(subject.endswith("unavailable: Dune Ltd") for subject in subjects()) == 3

    # The link of the mail works, for each of the three.
    for name in ("Acme", "Borealis", "Cirrus"):
        assert fleet[name].admin.authorize(fleet[name].tenant) in (200, 302)
    requests.post(uninstall.replace("/uninstall", "/install"), timeout=10).raise_for_status()
    pass_minutes(clock, 15)
    clock.shift(timedelta(days=1))
    tasks.maintain_health()
    pass_minutes(clock, 6)
    assert incidents(IncidentStatus.OPEN) == []
    assert incidents(IncidentStatus.SUSPECTED) == []
    # Each opening and each recovery once, and that Dune's came back and ended again.
    assert len(subjects()) == 12
    assert len(set(subjects())) == 12


def test_an_outage_of_a_region_is_one_incident(
    fleet: Fleet, emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    pass_minutes(clock, 5)
    fault = {"system": "region", "status": 503}
    requests.post(f"{emulator.url}/control/faults", json=fault, timeout=10).raise_for_status()
    pass_minutes(clock, 5)
    assert incidents(IncidentStatus.OPEN) == [("region", f"{emulator.url}/region")]
    assert Connection.objects.filter(health__unknown_since__isnull=False).count() == 5
    assert len(subjects()) == 1
    requests.delete(f"{emulator.url}/control/faults", timeout=10)
    pass_minutes(clock, 8)
    assert incidents(IncidentStatus.OPEN) == []
    assert Incident.objects.exclude(kind=K.REGION).count() == 0
    assert Connection.objects.filter(health__unknown_since__isnull=False).count() == 0
    assert len(subjects()) == 2


def test_a_dead_grant_costs_one_call_and_is_over_when_the_admin_signs_in_again(
    two: Fleet, emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    acme = two["Acme"]
    grant = SalesforceGrant.objects.get(tenant=acme.tenant)
    SalesforceGrant.objects.filter(pk=grant.pk).update(
        issued_at=timezone.now() - timedelta(days=21)
    )
    revoke = f"{emulator.url}/control/orgs/{acme.org_id}/revoke"
    requests.post(revoke, timeout=10).raise_for_status()
    for _ in range(4):
        tasks.maintain_health()
        pass_minutes(clock, 2)
        clock.shift(timedelta(hours=25))
    grant.refresh_from_db()
    assert grant.status == GrantStatus.REFUSED
    refused = [
        call
        for call in emulator.calls()
        if "/services/oauth2/token" in call["path"] and call["status"] == 400
    ]
    assert len(refused) == 1
    assert Incident.objects.filter(kind=K.GRANT_LOST, status=IncidentStatus.OPEN).count() == 1
    assert subjects(MessageKind.SIGN_IN) != []
    acme.admin.sign_in(acme.tenant)
    pass_minutes(clock, 6)
    assert Incident.objects.get(kind=K.GRANT_LOST).status == IncidentStatus.CLOSED


def test_a_tenant_that_staff_paused_causes_no_incident(
    two: Fleet, clock: time_machine.Traveller, settings: Settings
) -> None:
    operations.operate("pause", two["Acme"].connection.pk, "olga", {})
    pass_minutes(clock, 10)
    assert incidents(IncidentStatus.OPEN) == []
    assert subjects() == []
    operations.operate("resume", two["Acme"].connection.pk, "olga", {})
    force(two["Acme"], "PAUSED")  # this time by Heroku
    pass_minutes(clock, 10)
    assert incidents(IncidentStatus.OPEN) == [("paused", str(two["Acme"].tenant))]


def test_a_second_mapping_that_fails_during_an_incident_is_alerted_once(
    two: Fleet, clock: time_machine.Traveller
) -> None:
    acme = two["Acme"]
    url = f"{acme.running.url}/control/connections/{acme.connection.connection_id}/state"
    for number, name in enumerate(("Contact", "Account"), start=1):
        broken = {"state": "BAD_CONFIG", "object_name": name}
        requests.post(url, json=broken, timeout=10).raise_for_status()
        pass_minutes(clock, 10)
        assert len(subjects()) == number
    assert incidents(IncidentStatus.OPEN) == [("mapping", str(acme.tenant))]
    assert subjects()[1].endswith(f"{acme.tenant}, also Account")
    events = acme.tenant.events.filter(kind=EventKind.INCIDENT)
    assert [event.data["what"] for event in events] == ["more 2", "opened"]


def test_an_outage_of_the_tenants_database_is_one_incident_with_two_mails(
    fleet: Fleet, emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    for each in fleet.values():
        force(each, "DB_UNAVAILABLE")
    # A restart is of no use as long as the database is away.
    fault = {"system": "region", "method": "POST", "path": "/actions/restart", "status": 503}
    requests.post(f"{emulator.url}/control/faults", json=fault, timeout=10).raise_for_status()
    pass_minutes(clock, 8)
    assert incidents(IncidentStatus.OPEN) == [("database", "the portal")]
    assert Incident.objects.count() == 1
    assert len(subjects()) == 1
    requests.delete(f"{emulator.url}/control/faults", timeout=10)
    pass_minutes(clock, 25)
    assert incidents(IncidentStatus.OPEN) == []
    assert HealingAttempt.objects.latest("pk").text == "Restarted 5 connections."
    assert Connection.objects.filter(state="DB_UNAVAILABLE").count() == 0
    assert len(subjects()) == 2
