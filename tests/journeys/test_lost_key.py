"""SECRET is lost or wrong: nothing fails, readiness says so, and a new sign-in fixes it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.health import incidents, maintenance, observations
from connect.models import Connection, Incident, IncidentKind, IncidentStatus, Stage
from portal.models import Heartbeat
from tenants import links
from tenants.models import GrantStatus, MessageKind, Proof, SalesforceGrant
from tests import cast
from tests.connect.journey import Journey
from tests.portal.admin import walk
from tests.tenants import keys


@pytest.fixture
def live(db: None, emulator: emulated.Running, settings: Settings) -> Iterator[Journey]:
    """Acme, live, in a portal whose key is then lost."""
    keys.forget()
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.LIVE)
    Heartbeat.objects.create(worker="host:1", beat_at=timezone.now())
    keys.use(settings, keys.NEW_KEY)
    yield journey
    keys.forget()


def test_readiness_says_that_the_key_is_wrong(live: Journey, settings: Settings) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "No key of SECRET decrypts" in str(answer.json()["problems"])
    SalesforceGrant.objects.all().delete()
    assert Client().get("/readyz").status_code == 200


def test_no_page_fails(live: Journey) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    pages = ["/admin/", *walk.lists(), *walk.rows()]
    assert {client.get(url).status_code for url in pages} <= {200, 302}
    signed = links.signed_part(links.SIGN_IN, live.tenant)
    assert Client().get(f"/authenticate/{signed}").status_code == 200


def test_the_grant_counts_as_lost_and_a_new_sign_in_replaces_it(live: Journey) -> None:
    maintenance.probe_package(live.connection)
    assert SalesforceGrant.objects.get().status == GrantStatus.UNREADABLE
    connection = Connection.objects.select_related("tenant__grant", "health").get()
    incidents.update([observations.of(connection)])
    incident = Incident.objects.get(kind=IncidentKind.GRANT_LOST)
    assert "No key of SECRET decrypts" in incident.text

    assert live.admin.sign_in(live.tenant) == 302
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.CLOSED  # at once, not at the next look
    grant = SalesforceGrant.objects.get()
    assert (grant.status, grant.is_readable) == (GrantStatus.ACTIVE, True)
    assert maintenance.probe_package(live.connection)


def test_a_connection_that_waits_asks_for_the_sign_in_again(
    db: None, emulator: emulated.Running, settings: Settings
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_CONSENT)
    journey.admin.sign_in(journey.tenant)
    keys.use(settings, keys.NEW_KEY)
    assert journey.advance().stage == Stage.WAITING_FOR_CONSENT
    assert journey.tenant.messages.filter(kind=MessageKind.SIGN_IN).count() == 2
    keys.forget()


def test_off_boarding_ends(live: Journey, emulator: emulated.Running) -> None:
    live.offboard()
    live.reach(Stage.OFFBOARDED)
    assert not emulator.addons()
    assert not SalesforceGrant.objects.exists()


def test_off_boarding_says_that_access_was_not_revoked(live: Journey) -> None:
    live.offboard()
    assert live.advance().stage == Stage.OFFBOARDED
    said = live.tenant.events.filter(text__contains="not revoked there").get()
    assert "No key of SECRET decrypts" in said.text
    assert not SalesforceGrant.objects.exists()
