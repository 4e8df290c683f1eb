"""An incident's page at every width, and its mail on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from connect.health import alerts
from connect.models import HealingAttempt, Incident, IncidentKind, IncidentStatus
from tenants.models import Message
from tests import cast
from tests.browser.test_walk import axe, complaints
from tests.portal.admin import rows, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["axe"]  # a fixture
PHONE = 320
MARGIN = 32  # pixels left of the text
WIDTHS = (390, 1280, 1920)
LONG = "Heroku Connect answers: " + "connection_refused_by_database_" * 6


@pytest.fixture
def incident(transactional_db: None, settings: Settings) -> Incident:
    settings.STAFF_EMAILS = ["staff@isv.example"]
    connection = rows.connection(cast.enrol(cast.ACME), state="IDLE")
    now = timezone.now()
    made = Incident.objects.create(
        connection=connection,
        kind=IncidentKind.DB_UNAVAILABLE,
        status=IncidentStatus.OPEN,
        text=LONG,
        suspected_at=now - timedelta(hours=1),
        opened_at=now - timedelta(minutes=50),
        attempts=1,
        next_attempt_at=now + timedelta(minutes=9),
        post_mortem="Their Postgres was upgraded.\n\nWe ask for a date the next time.",
    )
    HealingAttempt.objects.create(incident=made, remedy="restart", text="“Restart” done.")
    alerts.notify_opened(made)
    return made


def test_an_incidents_page_is_whole_at_every_width(
    window: Page, axe: str, incident: Incident
) -> None:
    window.emulate_media(reduced_motion="reduce")
    if axe:
        window.context.add_init_script(axe)
    window.goto(walk.page(Incident, "change", incident.pk))
    for width in WIDTHS:
        window.set_viewport_size({"width": width, "height": 800})
        expect(window.locator(".plan-next")).to_contain_text("Next: ")
        assert window.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(window, axe, whole=True) == {}


def test_an_incidents_mail_is_whole_on_a_phone(window: Page, incident: Incident) -> None:
    window.set_viewport_size({"width": PHONE, "height": 640})
    message = Message.objects.get(kind="incident")
    window.set_content(message.html)
    assert window.evaluate("document.documentElement.scrollWidth") <= PHONE
    expect(window.get_by_text("What to do")).to_be_visible()
    expect(window.get_by_text("then restart the connection.")).to_be_visible()
    box = window.get_by_text("What to do").bounding_box()
    assert box is not None
    assert box["x"] <= MARGIN
