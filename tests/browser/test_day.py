"""A day of the staff's work, by each role, in a real browser before the real processes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from demo.actors.emulator import Emulator
from demo.actors.story import register
from demo.actors.subscriber import Subscriber
from demo.cast import Org
from demo.stack import Stack
from tests.browser.people import log_in_as, unfold, watch_until

pytestmark = pytest.mark.browser
GARNET = Org("00D5g0000000042EAA", "Garnet Freight", "crm@garnet.example")
NO_CARD = "Your account has no payment method. Add one, then try again."


@pytest.fixture
def emulator(staffed: Stack) -> Iterator[Emulator]:
    """The other side, without a fault at the end."""
    emulator = Emulator(staffed.plan.emulator_url)
    yield emulator
    emulator.call("DELETE", "/faults")


def open_list(page: Page, stack: Stack, query: str) -> None:
    page.goto(f"{stack.plan.portal_url}/admin/tenants/tenant/?{query}")


def headline(page: Page) -> str:
    return page.locator("#tenant-progress .notice h2").first.inner_text()


def test_a_blocked_tenant_is_found_understood_mended_and_watched_until_it_is_live(
    stack: Stack, page: Page, emulator: Emulator
) -> None:
    fault = {"system": "heroku", "method": "POST", "path": "/addons$", "status": 402, "times": 99}
    emulator.call("POST", "/faults", {**fault, "body": {"id": "x", "message": NO_CARD}})
    emulator.ensure_org(GARNET)
    register(stack, GARNET)

    # Olga finds it on the dashboard, without a reload, and reads the cause in Heroku's words.
    log_in_as(page, stack, "Operator")
    case = page.locator(".cases li", has_text=GARNET.name)
    watch_until(case, NO_CARD)
    case.get_by_role("link", name=GARNET.name, exact=True).click()
    expect(page.locator("#tenant-progress .notice-bad")).to_contain_text(NO_CARD)
    page.get_by_role("link", name="The failed attempt").click()
    expect(page.locator("#content")).to_contain_text(NO_CARD)
    page.go_back()

    # She fixes it, presses the right button, and from then on only watches.
    emulator.call("DELETE", "/faults")
    page.get_by_role("button", name="Retry provisioning").click()
    expect(page.locator(".messagelist")).to_contain_text("is queued")
    page.evaluate("window.neverReloaded = true")
    progress = page.locator("#tenant-progress")
    watch_until(progress, "Waiting for Salesforce sign-in")
    subscriber = Subscriber(GARNET, stack)
    subscriber.sign_in()
    watch_until(progress, "Waiting for authorization")
    subscriber.authorize()
    watch_until(progress.locator(".notice-good h2"), "Live")
    expect(progress.locator(".step-done")).to_have_count(10)
    expect(page.locator("#tenant-mappings")).to_contain_text("DATA_SYNCED")
    expect(page.locator("#tenant-mails")).to_contain_text("Please sign in")
    expect(page.get_by_role("button", name="Retry provisioning")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("olga")
    assert page.evaluate("window.neverReloaded")


def test_twenty_are_paused_at_once_and_a_bar_shows_the_progress(
    stack: Stack, page: Page, emulator: Emulator
) -> None:
    log_in_as(page, stack, "Operator")
    open_list(page, stack, "q=quartz")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label="Pause until")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Three days").check()
    page.get_by_label("Why").fill("Quartz moves its data centre.")
    page.get_by_role("button", name="Pause until").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Pause until: 20 tenants")
    watch_until(page.locator("#bulk .split-words"), "20 done")
    expect(page.locator("#bulk .counts")).to_have_text(re.compile(r"^\s*20 Done\s*$"))
    expect(page.locator("#bulk h2 .badge").first).to_have_text("Done")
    states = [each["state"] for each in emulator.call("GET", "/connections")["connections"]]
    assert states.count("PAUSED") == 20

    open_list(page, stack, "q=quartz")
    expect(page.locator("#result_list .badge", has_text="Paused")).to_have_count(20)
    expect(page.locator("#result_list .field-why", has_text="Paused by olga until")).to_have_count(
        20
    )


def test_one_is_snoozed_and_everybody_reads_why(
    stack: Stack, page: Page, emulator: Emulator
) -> None:
    log_in_as(page, stack, "Operator")
    open_list(page, stack, "q=opal")
    page.get_by_role("link", name="Opal 00").click()
    unfold(page)
    page.get_by_role("link", name="Snooze…").click()
    page.get_by_label("Why").fill("Their admin is on holiday.")
    page.get_by_role("button", name="Snooze").click()
    watch_until(page.locator("#tenant-progress"), "Their admin is on holiday.")
    open_list(page, stack, "attention=snoozed")
    expect(page.get_by_role("link", name="Opal 00")).to_be_visible()


def test_one_is_off_boarded_by_a_manager_who_types_its_name_with_the_keyboard_alone(
    stack: Stack, page: Page, emulator: Emulator
) -> None:
    log_in_as(page, stack, "Operator")
    open_list(page, stack, "q=onyx")
    page.get_by_role("link", name="Onyx 00").click()
    unfold(page)
    expect(page.get_by_role("link", name="Off-board…")).to_have_count(0)

    page.context.clear_cookies()
    log_in_as(page, stack, "Manager")
    open_list(page, stack, "q=onyx")
    page.get_by_role("link", name="Onyx 00").press("Enter")
    unfold(page)
    page.get_by_role("link", name="Off-board…").press("Enter")
    field = page.get_by_label("To confirm, type: Onyx 00")
    field.focus()
    page.keyboard.type("Onyx")
    page.keyboard.press("Enter")
    expect(page.locator(".errorlist")).to_have_text("Type exactly: Onyx 00")
    field.fill("Onyx 00")
    page.keyboard.press("Enter")
    watch_until(page.locator("#tenant-progress"), "Off-boarding can be undone until")
    unfold(page)
    page.get_by_role("link", name="Off-board now…").press("Enter")
    page.get_by_label("To confirm, type: Onyx 00").fill("Onyx 00")
    page.keyboard.press("Enter")
    watch_until(page.locator("#tenant-progress"), "Off-boarded, for")
    names = {e["resource_name"] for e in emulator.call("GET", "/connections")["connections"]}
    assert "hc-onyx-00" not in names


def test_a_viewer_sees_everything_and_can_press_nothing(
    stack: Stack, page: Page, emulator: Emulator
) -> None:
    log_in_as(page, stack, "Viewer")
    open_list(page, stack, "q=slate")
    expect(page.locator("select[name=action]")).to_have_count(0)
    page.get_by_role("link", name="Slate 00").click()
    assert headline(page).startswith("Live")
    expect(page.locator("#tenant-do button, #tenant-do a")).to_have_count(0)
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
