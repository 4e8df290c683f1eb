"""The subscriber's way, in a real browser, from the mail to live."""

import pytest
from playwright.sync_api import Page, expect

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.package import send_callout
from demo.actors.staff import Staff
from demo.actors.story import bring_to
from demo.actors.subscriber import Subscriber
from demo.cast import ACME, DUNE, Org
from demo.stack import Stack

pytestmark = pytest.mark.browser
PATIENCE = 30_000  # milliseconds


def _decide_as(page: Page, org_id: str, decision: str = "Allow") -> None:
    page.locator(f'button[data-org="{org_id}"]').click()
    page.get_by_role("button", name=decision).click()


def test_an_admin_gets_from_the_mail_to_live_and_is_never_lost(stack: Stack, page: Page) -> None:
    Emulator(stack.plan.emulator_url).ensure_org(ACME)
    answer = send_callout(stack.plan.portal_url, ACME, stack.registration_secret)
    assert answer.status_code == 202

    page.goto(Subscriber(ACME, stack).mailed_link("/authenticate/"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Connect {ACME.name}")
    page.get_by_role("button", name="Sign in to Salesforce").click()
    _decide_as(page, ACME.org_id)

    # The page moves by itself while the portal gets Heroku Connect ready.
    _authorize(page, ACME, "Allow")

    expect(page.locator(".step.is-done")).to_have_count(4, timeout=PATIENCE)
    with Ledger(stack.database_url) as ledger:
        assert ledger.stage(ACME) == "live"


def _authorize(page: Page, org: Org, decision: str) -> None:
    """Press the page's button, log in at Heroku, and decide at Salesforce."""
    page.get_by_role("link", name="Authorize Heroku Connect").click(timeout=PATIENCE)
    _log_in_and_decide(page, org, decision)


def _log_in_and_decide(page: Page, org: Org, decision: str) -> None:
    page.get_by_role("button", name="Log in").wait_for()
    page.get_by_label("Email").fill(org.email)
    page.get_by_role("button", name="Log in").click()
    _decide_as(page, org.org_id, decision)


def test_a_page_never_says_live_while_the_authorization_is_lost(stack: Stack, page: Page) -> None:
    emulator = Emulator(stack.plan.emulator_url)
    bring_to(stack, DUNE, "live", lambda _: None)
    turn = page.locator(".turn")
    page.goto(Subscriber(DUNE, stack).mailed_link("/authenticate/"))
    expect(turn).to_contain_text("You are live")

    emulator.call("POST", f"/orgs/{DUNE.org_id}/revoke", {})
    emulator.call("POST", "/sync", {})
    Staff(stack).act(DUNE, "Refresh")
    stopped = "Synchronization has stopped: please authorize it again"
    _reload_until(page, stopped)

    # This browser has not signed in yet, which renews the portal's own access too.
    page.get_by_role("link", name="Authorize Heroku Connect").click()
    page.get_by_role("button", name="Sign in to Salesforce").click()
    _decide_as(page, DUNE.org_id)

    # They decline, and the page still shows it.
    _log_in_and_decide(page, DUNE, "Deny")
    expect(turn).to_contain_text(stopped)
    expect(turn).to_contain_text("If you chose Deny")
    page.goto(page.url.partition("?")[0])
    expect(turn).to_contain_text(stopped)

    # They allow it: the page that they come back to moves by itself.
    _authorize(page, DUNE, "Allow")
    expect(turn).to_contain_text("You are live", timeout=PATIENCE)
    expect(page.locator(".step.is-done")).to_have_count(4)


def _reload_until(page: Page, words: str) -> None:
    """Reload until the page says so: the worker does what staff pressed a moment ago."""
    for _ in range(PATIENCE // 500):
        if words in page.locator(".turn").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".turn")).to_contain_text(words)


def test_a_link_that_was_changed_leads_to_a_page_that_says_what_to_do(
    stack: Stack, page: Page
) -> None:
    answer = page.request.get(f"{stack.plan.portal_url}/authenticate/forged")
    assert answer.status == 404
    assert "ask us for a new link" in answer.text()
