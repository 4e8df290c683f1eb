"""Incidents: only what lasts, one alert each, none while they are suppressed; and self-healing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from connect.health import alerts, healing, incidents
from connect.models import (
    Connection,
    HealingAttempt,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
    WebhookNotice,
)
from tenants import timeline
from tenants.models import Event, EventKind, Message, MessageKind
from tests import cast
from tests.connect.clients.rawpeer import RawPeer, says, serving

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def acme() -> Health:
    connection = cast.connect(
        cast.enrol(cast.ACME), Stage.LIVE, organization_id=cast.ACME["org_id"], state="IDLE"
    )
    now = timezone.now()
    return Health.objects.create(connection=connection, condition="healthy", sampled_at=now)


def observe(health: Health, state: str) -> None:
    """See a connection in a state."""
    Connection.objects.filter(pk=health.pk).update(state=state)
    health = Health.objects.select_related("connection__tenant").get(pk=health.pk)
    health.condition = "healthy" if state == "IDLE" else "broken"
    health.save()
    incidents.update([health])


def see(clock: time_machine.Traveller, health: Health, *states: str) -> None:
    """See a connection once a minute."""
    for state in states:
        observe(health, state)
        clock.shift(MINUTE)


def alert_count() -> int:
    return Message.objects.filter(kind=MessageKind.INCIDENT).count()


def test_a_short_problem_opens_no_incident(clock: time_machine.Traveller, acme: Health) -> None:
    see(clock, acme, "IDLE", "SYSTEM_ERROR", "SYSTEM_ERROR", "IDLE", "IDLE")
    assert not Incident.objects.exists()
    assert alert_count() == 0


@pytest.mark.parametrize(
    ("state", "needs_person", "do", "role"),
    [
        ("TOO_MANY_ROWS", True, "Upgrade the add-on's plan", "Manager"),
        ("SYSTEM_ERROR", False, "Restart the connection.", "Operator"),
    ],
)
def test_an_alert_says_what_to_do_and_who_may_do_it(
    clock: time_machine.Traveller,
    acme: Health,
    state: str,
    needs_person: bool,
    do: str,
    role: str,
) -> None:
    see(clock, acme, *[state] * 5)
    text = Message.objects.get(kind=MessageKind.INCIDENT).text
    assert do in text
    assert f"This needs the role {role}." in text
    # Where the portal does nothing by itself, a person is needed from the beginning.
    assert (Incident.objects.get().needs_person_since is not None) == needs_person


def test_a_lasting_problem_sends_one_alert(clock: time_machine.Traveller, acme: Health) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 20)
    assert Incident.objects.get().status == IncidentStatus.OPEN
    assert alert_count() == 1


def test_a_state_that_comes_and_goes_opens_one_incident_and_never_flaps(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 4, *["IDLE", "SYSTEM_ERROR"] * 30)
    assert Incident.objects.count() == 1
    assert alert_count() == 1
    see(clock, acme, *["IDLE"] * 8)
    assert Incident.objects.get().status == IncidentStatus.CLOSED
    assert alert_count() == 2


def test_a_problem_that_returns_soon_reopens_its_incident_and_that_is_alerted_once(
    clock: time_machine.Traveller, acme: Health
) -> None:
    broken, well = ["SYSTEM_ERROR"] * 4, ["IDLE"] * 8
    see(clock, acme, *broken, *well, *broken)
    assert Incident.objects.get().status == IncidentStatus.OPEN
    assert alert_count() == 3
    assert Message.objects.latest("pk").subject.startswith("[Multiconnect] Comes and goes: ")
    see(clock, acme, *well)
    assert alert_count() == 4
    see(clock, acme, *(broken + well) * 3)
    assert Incident.objects.get().reopened == 4
    assert alert_count() == 4
    # The timeline has each return, also those without an alert.
    events = Event.objects.filter(kind=EventKind.INCIDENT).order_by("pk")
    assert events.filter(text__startswith="Came back: ").count() == 3
    assert events.last().text.startswith("Recovered again: ")  # type: ignore[union-attr]


@pytest.mark.parametrize("state", ["TOO_MANY_ROWS", "INACTIVE_ORG"])
def test_an_incident_that_nobody_touches_is_alerted_again_after_a_day(
    clock: time_machine.Traveller, acme: Health, state: str
) -> None:
    see(clock, acme, *[state] * 4)
    clock.shift(timedelta(hours=23))
    assert incidents.remind() == 0
    clock.shift(timedelta(hours=2))
    assert incidents.remind() == 1
    assert Message.objects.latest("pk").subject.startswith("[Multiconnect] Still open: ")
    clock.shift(timedelta(days=3))
    assert incidents.remind() == 0
    assert alert_count() == 2


def test_an_incident_that_staff_work_on_is_not_alerted_again(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["TOO_MANY_ROWS"] * 4)
    tenant = acme.connection.tenant
    timeline.note(tenant, EventKind.STAFF_ACTION, "Refresh: the state is X.", actor="olga")
    clock.shift(timedelta(days=2))
    assert incidents.remind() == 0


def test_the_end_says_how_long_the_trouble_lasted_and_not_how_long_it_was_watched(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 6, *["IDLE"] * 8)
    (event,) = Event.objects.filter(text__startswith="Recovered")
    assert "It lasted 6 min. 0 steps" in event.text


def test_trouble_that_returns_much_later_is_another_incident(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 4, *["IDLE"] * 8)
    clock.shift(timedelta(hours=2))
    see(clock, acme, *["SYSTEM_ERROR"] * 4)
    assert Incident.objects.count() == 2
    assert alert_count() == 3


def test_a_tenant_paused_by_staff_gets_no_incident(
    clock: time_machine.Traveller, acme: Health
) -> None:
    Health.objects.update(paused_by="olga")
    see(clock, acme, *["SYSTEM_ERROR"] * 10)
    assert not Incident.objects.exists()
    assert alert_count() == 0


def test_a_tenant_that_is_paused_until_a_time_is_left_alone(
    clock: time_machine.Traveller, acme: Health
) -> None:
    Connection.objects.update(paused_until=timezone.now() + timedelta(days=1))
    see(clock, acme, *["SYSTEM_ERROR"] * 10)
    assert not Incident.objects.exists()


def test_an_incident_of_a_snoozed_tenant_is_on_the_timeline_without_an_alert(
    clock: time_machine.Traveller, acme: Health, settings: Settings
) -> None:
    settings.INCIDENT_WEBHOOK_URL = "https://hooks.example/x"
    Connection.objects.update(snoozed_until=timezone.now() + timedelta(days=1))
    see(clock, acme, *["SYSTEM_ERROR"] * 4)
    assert Incident.objects.get().status == IncidentStatus.OPEN
    assert Event.objects.filter(kind=EventKind.INCIDENT).count() == 1
    assert alert_count() == 0
    assert not WebhookNotice.objects.exists()


def test_incidents_close_when_a_tenant_is_off_boarded(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 4)
    Connection.objects.update(stage=Stage.OFFBOARDING)
    incidents.close_ended()
    assert Incident.objects.get().status == IncidentStatus.CLOSED
    assert alert_count() == 1


@pytest.mark.parametrize(
    ("kind", "scope", "unused"),
    [
        (IncidentKind.TOKEN, "", "an-account"),
        (IncidentKind.LIST_REFUSED, "multiconnect-test", "another-app"),
        (IncidentKind.DATABASE, "default", "tenants_gone"),
    ],
)
def test_an_incident_about_what_nobody_uses_any_more_is_closed(
    acme: Health, kind: IncidentKind, scope: str, unused: str
) -> None:
    is_list = kind == IncidentKind.LIST_REFUSED
    region = acme.connection.region_url if is_list else ""
    facts = {"kind": kind, "status": IncidentStatus.OPEN, "opened_at": timezone.now()}
    for each in (scope, unused):
        Incident.objects.create(region_url=region, scope=each, text="Refused.", **facts)
    incidents.close_ended()
    assert Incident.objects.get(status=IncidentStatus.CLOSED).scope == unused


def test_restarts_have_growing_intervals_and_then_staff_are_notified(
    clock: time_machine.Traveller, acme: Health
) -> None:
    began, restarts = timezone.now(), []

    def operate(name: str, connection_id: int) -> str:
        assert (name, connection_id) == ("restart", acme.pk)
        restarts.append((timezone.now() - began) // MINUTE)
        return "accepted"

    for _ in range(240):
        see(clock, acme, "SYSTEM_ERROR")
        if healing.take_due(10):
            healing.heal(Incident.objects.get().pk, operate)
    assert [later - sooner for sooner, later in pairwise(restarts)] == [
        10,
        30,
        120,
    ]
    incident = Incident.objects.get()
    assert incident.needs_person_since is not None
    assert incident.next_attempt_at is None
    assert HealingAttempt.objects.filter(remedy="restart").count() == 4
    assert alert_count() == 2  # the opening, and the call for a person


def test_two_workers_with_the_same_step_do_it_once(
    clock: time_machine.Traveller, acme: Health
) -> None:
    see(clock, acme, *["SYSTEM_ERROR"] * 4)
    incident = Incident.objects.get()

    def operate(name: str, connection_id: int) -> str:
        assert healing.heal(incident.pk, lambda *_: "a second one") != "accepted"
        return "accepted"

    Incident.objects.update(attempts=3)
    assert healing.heal(incident.pk, operate) == "accepted"
    assert HealingAttempt.objects.filter(text="accepted").count() == 1


@pytest.fixture
def webhook(settings: Settings) -> Iterator[RawPeer]:
    with serving() as peer:
        settings.INCIDENT_WEBHOOK_URL = f"{peer.url}/services/T0/B0/secret"
        yield peer


def test_a_region_outage_is_one_incident(clock: time_machine.Traveller) -> None:
    for _ in range(5):
        incidents.suspect_region("https://eu.heroku.com", "503")
        clock.shift(MINUTE)
    assert Incident.objects.get().status == IncidentStatus.OPEN
    assert alert_count() == 1
    for _ in range(6):
        incidents.region_recovered("https://eu.heroku.com", "")
        clock.shift(MINUTE)
    assert Incident.objects.get().status == IncidentStatus.CLOSED
    assert alert_count() == 2


def test_the_webhook_is_called_once_in_slacks_format(
    clock: time_machine.Traveller,
    acme: Health,
    webhook: RawPeer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhook.plays(says("ok", Content_Type="text/html"))  # as Slack does
    see(clock, acme, *["TOO_MANY_ROWS"] * 4)
    notice = WebhookNotice.objects.get()
    caplog.set_level("DEBUG")
    for _ in range(3):
        alerts.post(notice.pk)
    (request,) = webhook.requests
    assert request.startswith(b"POST /services/T0/B0/secret HTTP/1.1")
    sent = json.loads(request.partition(b"\r\n\r\n")[2])
    assert list(sent) == ["text"]
    assert "Row limit passed" in sent["text"]
    notice.refresh_from_db()
    assert notice.sent_at is not None
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("status", "calls"),
    [(429, 4), (500, 1), (404, 1)],  # what may have arrived is not sent twice
)
def test_a_webhook_call_is_repeated_only_if_it_cannot_have_arrived(
    clock: time_machine.Traveller, acme: Health, webhook: RawPeer, status: int, calls: int
) -> None:
    webhook.plays(says("no /services/T0/B0/secret", status))
    see(clock, acme, *["TOO_MANY_ROWS"] * 4)
    notice = WebhookNotice.objects.get()
    for _ in range(8):
        alerts.post(notice.pk)
        clock.shift(30 * MINUTE)
    assert len(webhook.requests) == calls
    notice.refresh_from_db()
    assert notice.sent_at is None
    assert str(status) in notice.error
    assert "secret" not in notice.error


def test_a_webhook_call_that_was_lost_is_queued_again(
    clock: time_machine.Traveller, acme: Health, webhook: RawPeer
) -> None:
    see(clock, acme, *["TOO_MANY_ROWS"] * 4)
    OrmQ.objects.all().delete()
    clock.shift(2 * MINUTE)
    assert alerts.queue_due(10) == 1
    assert OrmQ.objects.count() == 1
