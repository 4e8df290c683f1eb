import pytest
import requests
from pytest_django.fixtures import Settings

from connect.health import refresh, states
from connect.models import (
    Condition,
    Connection,
    Health,
    HealthSample,
    Incident,
    IncidentKind,
    Stage,
)
from tenants.models import Proof
from tests import cast
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
