import pytest
import requests

from connect import tasks
from connect.health import refresh, states
from connect.models import Connection, HealthSample, Stage
from tenants.models import Proof
from tests import cast
from tests.connect.journey import Journey

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


def test_a_state_never_heard_of_is_kept_as_it_is(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    force(journey, state="SOMETHING_NEW")
    assert refresh.refresh(connection) == "SOMETHING_NEW"
    assert not states.is_broken("SOMETHING_NEW")


def test_one_tenant_that_cannot_be_seen_never_stops_the_others(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    other = Journey(journey.running, cast.BOREALIS, Proof.STAFF)
    other.reach(Stage.LIVE)
    journey.fault("region", "GET", f"/connections/{journey.connection.connection_id}", status=404)
    before = Connection.objects.get(pk=journey.connection.pk).seen_at
    assert tasks.refresh_health() == 1
    assert Connection.objects.get(pk=journey.connection.pk).seen_at == before
