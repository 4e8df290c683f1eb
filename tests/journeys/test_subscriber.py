"""What a subscriber reads while their authorization is lost, declined and given again."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

import emulator as emulated
from connect import tasks
from connect.models import Stage
from tenants import links
from tenants.models import EventKind, Message, MessageKind, Proof
from tests import cast, queue
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
STOPPED = "Synchronization has stopped: please authorize it again"


def page(journey: Journey, query: str = "") -> str:
    signed = links.signed_part(links.SIGN_IN, journey.tenant)
    answer = journey.admin.client.get(f"/authenticate/{signed}{query}")
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def tells_that_it_has_stopped(page: str) -> bool:
    offers = "Authorize Heroku Connect</a>" in page
    return STOPPED in page and offers and "You are live" not in page and "nothing left" not in page


def test_an_authorization_is_lost_declined_and_given_again(emulator: emulated.Running) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    connection = journey.reach(Stage.LIVE)
    queue.drain()
    assert "You are live" in page(journey)

    # The admin of the org revokes it; Heroku Connect notices at its next poll.
    journey.running.control("POST", f"orgs/{journey.org_id}/revoke", {})
    journey.running.control("POST", "sync", {})
    tasks.refresh_connection(connection.pk)
    assert tells_that_it_has_stopped(page(journey))

    # The page that they return to asks, and still tells.
    assert journey.admin.authorize(journey.tenant, "deny") in (200, 302)
    queue.drain()
    assert tells_that_it_has_stopped(page(journey, "?checking"))
    assert "We are checking your authorization" in page(journey, "?checking")
    assert tells_that_it_has_stopped(page(journey))

    assert journey.admin.authorize(journey.tenant) in (200, 302)
    queue.drain()
    assert "You are live" in page(journey)
    assert timezone.now() - journey.connection.stage_since < timedelta(minutes=10)


def test_an_org_that_lacks_our_app_installs_it_and_goes_on(
    emulator: emulated.Running,
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_CONSENT)
    emulator.control("POST", f"orgs/{journey.org_id}/uninstall", {})
    refused = journey.admin.come_back(journey.tenant)
    assert refused.status_code == 403
    assert "Our app is not installed in your org" in refused.content.decode()
    event = journey.tenant.events.get(kind=EventKind.CONSENT_REFUSED)
    assert "OAUTH_EC_APP_NOT_FOUND" in event.text
    emulator.control("POST", f"orgs/{journey.org_id}/install", {})
    journey.reach(Stage.LIVE)


def test_the_mail_leads_by_our_page_to_heroku_connect(emulator: emulated.Running) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_AUTHORIZATION)
    journey.advance()
    mail = Message.objects.get(kind=MessageKind.AUTHORIZE)
    [path] = re.findall(r"http://testserver(/authenticate/\S+)", mail.text)
    shown = html.unescape(Client().get(path).content.decode())
    assert "Heroku asks for a Heroku login first" in shown
    assert "Approve Uninstalled Connected Apps" in shown
    assert "/connect/" not in mail.text
