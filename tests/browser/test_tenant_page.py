"""A tenant's page: ids are copied, the state word explains itself, mails are shown as read."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from connect.models import Connection, Health, HealthSample
from tenants import messages
from tenants.models import Message, MessageKind, Tenant
from tests import cast
from tests.browser.test_walk import axe, complaints
from tests.portal.admin import rows, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["axe"]  # a fixture
WIDTHS = (390, 1280, 1920)


@pytest.fixture
def connection(transactional_db: None) -> Connection:
    made = rows.connection(cast.enrol(cast.ACME), state="IDLE")
    now = timezone.now()
    Health.objects.create(connection=made, condition="healthy", sampled_at=now)
    seen = {"mappings": 2, "mappings_synced": 2, "rows_failed": 0}
    ups = {"seconds": 300, "seconds_up": 300, "seconds_degraded": 0}
    HealthSample.objects.create(connection=made, at=now, condition="healthy", **seen, **ups)
    return made


@pytest.fixture
def tenant_page(window: Page, axe: str, connection: Connection) -> Page:
    window.emulate_media(reduced_motion="reduce")
    if axe:
        window.context.add_init_script(axe)
    window.goto(walk.page(Tenant, "change", connection.tenant_id))
    return window


def test_ids_are_copied_and_it_is_said(tenant_page: Page, connection: Connection) -> None:
    tenant_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tenant_page.get_by_role("button", name="Copy the connection id").click()
    expect(tenant_page.locator("#copied")).to_have_text(f"Copied: {connection.connection_id}")
    copied = tenant_page.evaluate("navigator.clipboard.readText()")
    assert copied == connection.connection_id


def test_the_state_word_explains_itself_by_keyboard_and_is_put_away(
    tenant_page: Page, axe: str
) -> None:
    explained = tenant_page.get_by_role("tooltip")
    word = tenant_page.locator(".explained > button")
    expect(explained).to_be_hidden()
    word.focus()
    expect(explained).to_be_visible()
    tenant_page.keyboard.press("Escape")
    expect(explained).to_be_hidden()
    tenant_page.mouse.move(0, 0)
    word.hover()
    for width in WIDTHS:
        tenant_page.set_viewport_size({"width": width, "height": 800})
        assert tenant_page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(tenant_page, axe, whole=True) == {}


def test_a_mail_is_shown_in_a_frame(window: Page, connection: Connection) -> None:
    mail = messages.queue(connection.tenant, MessageKind.LIVE, key="live")
    window.goto(walk.page(Message, "change", mail.pk))
    frame = window.frame_locator("iframe.mail")
    expect(frame.locator("h1")).to_be_visible()
    # Its own styles are applied, which the policy of the other pages would refuse.
    expect(frame.locator("td.sheet")).to_have_css("border-radius", "14px")
