import math
from datetime import timedelta

import pytest
import requests
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.clients import heroku_connect, heroku_health
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import ConnectionDetail
from connect.health import refresh, regions, states
from connect.models import (
    Condition,
    Connection,
    Health,
    HealthSample,
    HostApp,
    Incident,
    IncidentKind,
    Stage,
)
from connect.operations.connection import operate
from tenants.models import Proof
from tests import cast
from tests.connect.fleet import Fleet
from tests.connect.journey import Journey
from tests.connect.refreshing import refresh_all

pytestmark = pytest.mark.django_db


def force(journey: Journey, **state: str) -> None:
    url = f"{journey.running.url}/control/connections/{journey.connection.connection_id}/state"
    requests.post(url, json=state, timeout=10).raise_for_status()


def test_a_refresh_keeps_state_mappings_and_one_sample(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    HealthSample.objects.all().delete()
    force(journey, object_name="Contact", state="POLLING_SF_CHANGES")
    assert refresh.refresh(connection) == states.IDLE
    sample = HealthSample.objects.get()
    assert (sample.state, sample.mappings, sample.mappings_synced) == (states.IDLE, 4, 3)
    assert connection.mappings.get(object_name="Contact").state == "POLLING_SF_CHANGES"


def test_a_mapping_that_is_gone_is_no_longer_shown(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    contact = connection.mappings.get(object_name="Contact")
    url = f"{journey.running.url}/region/api/v3/mappings/{contact.mapping_id}"
    requests.delete(url, headers={"Authorization": "Bearer any"}, timeout=10).raise_for_status()
    refresh.refresh(connection)
    assert set(connection.mappings.values_list("object_name", flat=True)) == {
        "Account",
        "Tweet__c",
        "Connection__c",
    }


def test_an_unknown_state_is_stored_unchanged(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    force(journey, state="SOMETHING_NEW")
    assert refresh.refresh(connection) == "SOMETHING_NEW"
    assert not states.is_broken("SOMETHING_NEW")


def test_one_tenant_that_cannot_be_seen_never_stops_the_others(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    other = Journey(journey.running, cast.BOREALIS, Proof.STAFF)
    other.reach(Stage.LIVE)
    force(journey, state="SYSTEM_ERROR")
    force(other, state="DB_UNAVAILABLE")
    journey.fault("region", "GET", f"/connections/{journey.connection.connection_id}", status=404)
    before = Connection.objects.get(pk=journey.connection.pk).seen_at
    assert refresh_all() == 1
    assert Connection.objects.get(pk=journey.connection.pk).seen_at == before
    unseen = Health.objects.get(connection=journey.connection)
    assert unseen.condition == Condition.UNKNOWN
    assert unseen.unknown_since is not None
    assert Health.objects.get(connection=other.connection).condition == Condition.BROKEN


def test_a_region_costs_one_list_and_a_call_for_each_that_is_not_well(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    other = Journey(journey.running, cast.BOREALIS, Proof.STAFF)
    other.reach(Stage.LIVE)
    force(other, state="SYSTEM_ERROR")
    journey.running.clear_calls()
    assert refresh_all() == 2
    assert len(journey.running.calls()) == 2
    force(other, state="IDLE")
    refresh_all()
    journey.running.clear_calls()
    assert refresh_all() == 2
    assert len(journey.running.calls()) == 1


def test_a_deep_look_is_one_call_for_the_whole_region(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    other = Journey(journey.running, cast.BOREALIS, Proof.STAFF)
    other.reach(Stage.LIVE)
    force(journey, object_name="Contact", state="POLLING_SF_CHANGES")
    Health.objects.update(deep_at=None)
    journey.running.clear_calls()
    assert refresh_all() == 2
    assert len(journey.running.calls()) == 1
    contact = journey.connection.mappings.get(object_name="Contact")
    assert contact.state == "POLLING_SF_CHANGES"


def test_a_deep_look_at_a_thousand_connections_costs_under_sixty_statements(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = math.ceil(1000 / regions.PAGE)
    monkeypatch.setattr(regions, "PAGE", 2)
    for _ in range(2 * pages):
        fleet.add()
    refresh_all()
    Health.objects.update(deep_at=None)
    with CaptureQueriesContext(database) as asked:
        assert refresh_all() == 2 * pages
    assert len(asked) < 60, [each["sql"] for each in asked]


def test_without_the_list_each_connection_is_read_alone(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    journey.fault("region", "GET", "/connections$", status=404)
    assert refresh_all() == 1
    assert Health.objects.get().condition == Condition.HEALTHY


def test_the_portals_own_token_that_is_refused_is_one_incident_of_its_own(
    journey: Journey, settings: Settings
) -> None:
    journey.reach(Stage.LIVE)
    journey.running.behave(revoked_tokens=[settings.HEROKU_API_TOKEN])
    assert refresh_all() == 0
    incident = Incident.objects.get()
    assert (incident.kind, incident.connection) == (IncidentKind.TOKEN, None)
    assert Health.objects.get().condition == Condition.UNKNOWN


def test_a_broken_mapping_is_seen_without_a_deep_look_and_its_recovery_too(
    journey: Journey,
) -> None:
    connection = journey.reach(Stage.LIVE)
    force(journey, object_name="Contact", state="BAD_CONFIG")
    refresh_all()
    health = Health.objects.get()
    assert (health.condition, health.reason) == ("degraded", "Contact: BAD_CONFIG")
    force(journey, object_name="Contact", state="DATA_SYNCED")
    refresh_all()
    health.refresh_from_db()
    assert health.condition == "healthy"
    assert connection.mappings.get(object_name="Contact").state == "DATA_SYNCED"


def pause() -> None:
    operate("pause", Connection.objects.get().pk, "olga", {})


def _look(journey: Journey) -> tuple[Connection, ConnectionDetail]:
    """Return a connection with its health, as a round reads it, and what its region says."""
    row = Connection.objects.select_related("health", "tenant__grant").get()
    return row, heroku_connect.detail(remote_of(row), deep=True)


def test_a_look_that_began_before_a_pause_does_not_forget_who_paused(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    looked = _look(journey)
    pause()
    refresh.store(*looked)
    assert Health.objects.get().paused_by == "olga"
    refresh.refresh(Connection.objects.get())
    assert Health.objects.get().condition == Condition.PAUSED
    assert Health.objects.get().paused_by == "olga"
    assert not Incident.objects.exists()


def test_a_look_with_rows_from_before_a_pause_does_not_take_it_for_one_of_herokus(
    journey: Journey,
) -> None:
    journey.reach(Stage.LIVE)
    row = Connection.objects.select_related("health", "tenant__grant").get()
    pause()
    for _ in range(4):
        refresh.store(row, heroku_connect.detail(remote_of(row), deep=True))
    assert Health.objects.get().paused_by == "olga"
    assert not Incident.objects.exists()


def test_who_paused_is_forgotten_once_herokus_dashboard_has_resumed_it(
    journey: Journey,
) -> None:
    connection = journey.reach(Stage.LIVE)
    pause()
    heroku_connect.resume(remote_of(connection))
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        refresh.refresh(Connection.objects.get())
    assert Health.objects.get().paused_by == ""


def test_a_list_that_was_asked_for_before_a_look_changes_nothing(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    part = regions.Part(connection.region_url, HostApp.objects.get())
    began = timezone.now()
    listed = list(heroku_health.list_details(part.region_url, part.app, deep=True))
    pause()
    assert regions._matched(part, began, listed, deep=True) == []
