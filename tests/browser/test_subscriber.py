"""The subscriber's way, in a real browser, from the mail to live."""

import pytest
from playwright.sync_api import Page, expect

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.package import send_callout
from demo.actors.subscriber import Subscriber
from demo.cast import ACME
from demo.stack import Stack

pytestmark = pytest.mark.browser
PATIENCE = 30_000  # milliseconds


def _allow_as(page: Page, org_id: str) -> None:
    page.locator(f'button[data-org="{org_id}"]').click()
    page.get_by_role("button", name="Allow").click()


def test_an_admin_gets_from_the_mail_to_live_and_is_never_lost(stack: Stack, page: Page) -> None:
    Emulator(stack.plan.emulator_url).ensure_org(ACME)
    answer = send_callout(stack.plan.portal_url, ACME, stack.registration_secret)
    assert answer.status_code == 202

    page.goto(Subscriber(ACME, stack).mailed_link("/authenticate/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Connect {ACME.name}")
    page.get_by_role("button", name="Sign in to Salesforce").click()
    _allow_as(page, ACME.org_id)

    # The page moves by itself while the portal gets Heroku Connect ready.
    page.get_by_role("link", name="Authorize Heroku Connect").click(timeout=PATIENCE)
    page.get_by_role("button", name="Log in").wait_for()
    page.get_by_label("Email").fill(ACME.email)
    page.get_by_role("button", name="Log in").click()
    _allow_as(page, ACME.org_id)

    expect(page.locator(".step.is-done")).to_have_count(4, timeout=PATIENCE)
    with Ledger(stack.database_url) as ledger:
        assert ledger.stage(ACME) == "live"


def test_a_link_that_was_changed_leads_to_a_page_that_says_what_to_do(
    stack: Stack, page: Page
) -> None:
    answer = page.request.get(f"{stack.plan.portal_url}/authenticate/forged")
    assert answer.status == 404
    assert "ask us for a new link" in answer.text()
