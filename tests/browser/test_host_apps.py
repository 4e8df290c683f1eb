"""A host app is added, made at Heroku, checked and closed to new tenants, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from demo.stack import Stack
from tests.browser.people import log_in_as

pytestmark = pytest.mark.browser
NAME = "isv-connect-2"
PHONE = {"width": 375, "height": 800}


def press(page: Page, label: str, said: str) -> None:
    """Press a button on the host app's page and reload it until the worker has done it."""
    page.get_by_role("button", name=label, exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text(f"“{label}” is queued")
    pressed = page.get_by_label("Actions").locator("tbody tr").first
    for _ in range(30):
        if said in pressed.inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.reload()  # the list of presses may have changed by itself, before the rest of the page
    expect(pressed).to_contain_text(said)


def test_a_manager_adds_a_host_app_and_closes_it_again(staffed: Stack, page: Page) -> None:
    log_in_as(page, staffed, "Manager")
    lists = f"{staffed.plan.portal_url}/admin/connect/hostapp/"
    page.goto(f"{lists}add/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Postgres add-on").fill("postgresql-emulated")
    page.get_by_role("button", name="Save and continue editing").click()
    state = page.locator(".field-standing .badge")
    expect(state).to_have_text("Not ready")

    press(page, "Make at Heroku", "all that tenants need is there")
    expect(state).to_have_text("Open")
    expect(page.get_by_role("button", name="Make at Heroku")).to_have_count(0)
    press(page, "Check", "Check: isv-connect-2")

    page.get_by_label("Accepts new tenants").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tr", has_text=NAME)
    expect(row.locator(".badge")).to_have_text("Closed to new tenants")
    expect(row).to_contain_text("0 held, room for 500 more")


def test_its_pages_fit_a_phone(staffed: Stack, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    log_in_as(page, staffed, "Viewer")
    for path in ("", "1/change/"):
        page.goto(f"{staffed.plan.portal_url}/admin/connect/hostapp/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
