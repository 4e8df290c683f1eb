"""The staff's pages in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from demo.actors.package import send_callout
from demo.cast import BOREALIS, Org
from demo.plan import STAFF
from demo.stack import Stack
from tests.browser.people import log_in, open_tenant, watch_until

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}


def test_the_dashboard_renews_itself_without_a_reload(stack: Stack, page: Page) -> None:
    log_in(page, stack)
    unproven = page.locator("#card-funnel li", has_text="Waiting for proof").locator("strong")
    before = int(unproven.inner_text()) if unproven.count() else 0
    page.evaluate("window.untouched = true")
    newcomer = Org("00D5g0000000077EAA", "Quartz Robotics", "it@quartz.example")
    assert send_callout(stack.plan.portal_url, newcomer, None).status_code == 202
    watch_until(unproven, re.compile(rf"^{before + 1}$"))
    assert page.evaluate("window.untouched")


def test_a_button_queues_and_the_worker_leaves_the_persons_name(stack: Stack, page: Page) -> None:
    log_in(page, stack)
    open_tenant(page, stack, BOREALIS)
    page.get_by_role("button", name="Retry provisioning").click()
    expect(page.locator(".messagelist")).to_contain_text("“Retry provisioning” is queued for")
    for _ in range(30):
        if page.locator(".timeline .event-staff_action").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".timeline .event-staff_action").first).to_contain_text(STAFF)


def test_a_filter_opens_like_a_menu_and_closes_on_escape(stack: Stack, page: Page) -> None:
    log_in(page, stack)
    page.goto(f"{stack.plan.portal_url}/admin/tenants/tenant/")
    standing = page.locator("summary", has_text="Standing")
    standing.press("Enter")
    expect(page.get_by_role("link", name="Live", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Live", exact=True)).to_be_hidden()
    expect(standing).to_be_focused()


def test_a_tenants_page_fits_a_phone(stack: Stack, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    log_in(page, stack)
    open_tenant(page, stack, BOREALIS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
