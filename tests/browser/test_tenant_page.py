"""A tenant's page: ids are copied, the state word explains itself, mails are shown as read."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from connect.models import Connection, Health, HealthSample, Stage
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


def test_more_is_a_menu_by_keyboard_mouse_and_without_scripts(
    tenant_page: Page, axe: str, chromium: Browser
) -> None:
    shown = tenant_page.locator("#tenant-do .do > .button")
    assert shown.count() == 2
    more = tenant_page.locator("#tenant-do .more > summary")
    menu = tenant_page.get_by_role("group", name="More actions")
    first, last = menu.locator(".button").first, menu.locator(".button").last
    more.focus()
    tenant_page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    tenant_page.keyboard.press("ArrowUp")
    expect(last).to_be_focused()
    # What cannot be undone is last and apart.
    expect(menu.locator("hr ~ .button-destructive").last).to_be_focused()
    assert menu.locator(".button-destructive ~ :not(.button-destructive)").count() == 0
    assert complaints(tenant_page, axe, whole=True) == {}
    tenant_page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    more.click()
    expect(menu).to_be_visible()
    tenant_page.get_by_role("heading", level=1).click()
    expect(menu).to_be_hidden()
    session = tenant_page.context.storage_state()
    bare = chromium.new_context(java_script_enabled=False, storage_state=session)
    page = bare.new_page()
    page.goto(tenant_page.url)
    page.locator("#tenant-do .more > summary").click()
    page.get_by_role("link", name="Off-board…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Off-board: ")
    bare.close()


def test_an_open_menu_stays_while_the_rest_of_its_part_is_renewed(
    window: Page, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(stage=Stage.LOADING)
    window.clock.install()
    window.goto(walk.page(Tenant, "change", connection.tenant_id))
    part = window.locator("#tenant-do")
    menu = part.get_by_role("group", name="More actions")
    part.locator(".more > summary").focus()
    window.keyboard.press("ArrowDown")
    first = menu.locator(".button").first
    aimed_at = first.inner_text()

    Tenant.objects.update(owner=User.objects.get())
    Connection.objects.filter(pk=connection.pk).update(stage=Stage.LIVE)
    window.clock.fast_forward(10_000)
    expect(part.locator(".owner")).to_contain_text("looks after it")
    expect(menu).to_be_visible()
    expect(first).to_be_focused()
    assert first.inner_text() == aimed_at
    # What it has held back is there as soon as it is closed.
    window.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(part.locator(".more > summary")).to_be_focused()
    expect(part.locator(".more-menu").get_by_text("Unassign")).to_have_count(1)


def test_a_mail_is_shown_in_a_frame(window: Page, connection: Connection) -> None:
    mail = messages.queue(connection.tenant, MessageKind.LIVE, key="live")
    window.goto(walk.page(Message, "change", mail.pk))
    frame = window.frame_locator("iframe.mail")
    expect(frame.locator("h1")).to_be_visible()
    # Its own styles are applied, which the policy of the other pages would refuse.
    expect(frame.locator("td.sheet")).to_have_css("border-radius", "14px")


def test_the_answer_that_ends_the_rhythm_is_followed_by_one_more(
    window: Page, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(stage=Stage.OFFBOARDING)
    looks: list[str] = []

    def half_old(route: Route) -> None:
        looks.append(route.request.url)
        if len(looks) == 1:
            over = '<div data-live-every="0"></div>'
            return route.fulfill(content_type="text/html", body=over)
        return route.continue_()

    window.route(re.compile("/live/"), half_old)
    window.clock.install()
    window.goto(walk.page(Tenant, "change", connection.tenant_id))
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(stage=Stage.OFFBOARDED, offboarded_at=now)
    Tenant.objects.update(offboarded_at=now)
    for _ in range(2):
        with window.expect_response(re.compile("/live/")):
            window.clock.fast_forward(3_000)
    expect(window.locator("#tenant-progress")).to_contain_text("Off-boarded, for")
    window.clock.fast_forward(60_000)
    assert len(looks) == 2
