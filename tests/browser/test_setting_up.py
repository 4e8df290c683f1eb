"""“Setting up” and the runbook in a real browser: each check answers in its own row."""

import re

import pytest
from playwright.sync_api import Page, expect

from demo.stack import Stack
from tests.browser.people import log_in
from tests.browser.test_walk import axe, complaints

__all__ = ["axe"]  # a fixture
pytestmark = pytest.mark.browser
MAX_WAIT = 60_000  # milliseconds for all checks together, on a busy machine


def test_all_checks_answer_one_by_one_and_say_what_to_do(
    stack: Stack, page: Page, axe: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    if axe:
        page.add_init_script(axe)
    log_in(page, stack)
    page.goto(f"{stack.plan.portal_url}/admin/setup/")
    page.evaluate("window.untouched = true")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#setup-said")).to_have_text(re.compile("failed"), timeout=MAX_WAIT)
    expect(page.get_by_text("Not checked")).to_have_count(0)
    expect(page.locator("#check-database .badge")).to_have_text("All well")
    expect(page.locator("#check-host_apps")).to_contain_text("free places")
    assert page.evaluate("window.untouched")
    assert complaints(page, axe, whole=False) == {}


def test_one_check_keeps_the_focus(stack: Stack, page: Page) -> None:
    log_in(page, stack)
    page.goto(f"{stack.plan.portal_url}/admin/setup/")
    page.locator("#check-clock button").press("Enter")
    expect(page.locator("#check-clock .badge")).to_have_text("All well")
    expect(page.locator("#check-clock button")).to_be_focused()
    expect(page.locator("#check-database .badge")).to_have_text("Not checked")


def test_the_runbook_opens_at_an_entry(stack: Stack, page: Page, axe: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    if axe:
        page.add_init_script(axe)
    log_in(page, stack)
    page.goto(f"{stack.plan.portal_url}/admin/runbook/#blocked-row_limit")
    expect(page.locator("#blocked-row_limit")).to_be_in_viewport()
    assert complaints(page, axe, whole=False) == {}
