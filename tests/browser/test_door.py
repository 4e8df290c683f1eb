"""Signing in with a second factor, by keyboard alone, in a real browser."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, expect

from demo.plan import ROOT
from demo.stack import Stack
from tests.browser.people import PASSWORD, console_errors
from tests.browser.test_walk import axe, complaints

__all__ = ["axe"]  # a fixture
pytestmark = pytest.mark.browser
NAME = "dora"
PATIENCE = 30_000  # milliseconds; a password is hashed slowly on a busy machine
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_ENROL = """
import os
from django.contrib.auth.models import User
User.objects.filter(username="dora").delete()
User.objects.create_superuser("dora", "dora@isv.example", os.environ["PASSWORD"])
"""


@pytest.fixture
def door(chromium: Browser, stack: Stack, axe: str) -> Iterator[Page]:
    """A window before the login of a person without a second factor."""
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", _ENROL],
        cwd=ROOT,
        env={**os.environ, **stack.environment, "PASSWORD": PASSWORD},
        check=True,
        capture_output=True,
    )
    context = chromium.new_context(reduced_motion="reduce")
    if axe:
        context.add_init_script(axe)
    page = context.new_page()
    with console_errors(page, stack) as errors:
        yield page
        context.close()
    assert errors == []


def at(stack: Stack, path: str) -> str:
    """Return an address by name: browsers give no passkey to a number."""
    return f"{stack.plan.portal_url.replace('127.0.0.1', 'localhost')}{path}"


def type_in(page: Page, *texts: str) -> None:
    """Type into the field that has the focus, and the ones after it, and send the form."""
    for number, text in enumerate(texts):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def enter_password(page: Page, stack: Stack) -> None:
    page.goto(at(stack, "/admin/"))
    page.get_by_label("Username").focus()
    type_in(page, NAME, PASSWORD)


def shows(page: Page, heading: str) -> None:
    """Wait until a page is there: a key that was pressed only begins to lead to it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE)
    page.wait_for_load_state()


def press(page: Page, role: str, name: str) -> None:
    """Press a link or a button by the keyboard."""
    found = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    found.focus()
    page.keyboard.press("Enter")


def prove(page: Page) -> None:
    shows(page, "Confirm that it is you")
    page.get_by_label("Password").focus()
    type_in(page, PASSWORD)


def log_out(page: Page) -> None:
    press(page, "button", "Log out")
    shows(page, "Logged out")


def code(secret: str, later: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def test_a_person_adds_an_app_and_signs_in_with_it(stack: Stack, door: Page, axe: str) -> None:
    found = {}

    def look(heading: str) -> None:
        shows(door, heading)
        wrong = complaints(door, axe, whole=True)
        if wrong:
            found[door.url] = wrong

    door.goto(at(stack, "/admin/"))
    look("Log in")
    enter_password(door, stack)
    press(door, "link", "Your account")
    look("Second factor")
    press(door, "link", "Add an app")
    look("Confirm that it is you")
    prove(door)
    secret = door.get_by_label("Secret").input_value()
    look("Add an authenticator app")
    door.get_by_label("Authenticator code").focus()
    type_in(door, code(secret))
    look("Recovery codes")
    press(door, "link", "Sessions")
    look("Sessions")
    log_out(door)
    enter_password(door, stack)
    look("Enter your code")
    door.get_by_label("Code").focus()
    type_in(door, code(secret, later=1))
    shows(door, "Operations")
    assert found == {}


@pytest.mark.django_db(transaction=True)
def test_a_page_that_renews_itself_shows_nothing_after_the_session_has_ended(window: Page) -> None:
    window.clock.install()
    window.goto("/admin/")
    shows(window, "Operations")
    window.context.clear_cookies(name="sessionid")
    window.clock.fast_forward(60_000)
    shows(window, "Log in")


def test_a_passkey_that_fails_says_why_and_is_read_out(stack: Stack, door: Page, axe: str) -> None:
    device = door.context.new_cdp_session(door)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})  # it holds none
    door.goto(at(stack, "/admin/"))
    said = door.get_by_role("alert")
    expect(said).to_be_hidden()
    for _ in range(2):
        press(door, "button", "Log in with a passkey")
        expect(said).to_contain_text("this device has none for this site", timeout=PATIENCE)
    assert complaints(door, axe, whole=True) == {}


def test_a_person_adds_a_passkey_and_signs_in_with_nothing_else(
    stack: Stack, door: Page, axe: str
) -> None:
    device = door.context.new_cdp_session(door)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    enter_password(door, stack)
    shows(door, "Operations")
    press(door, "link", "Your account")
    press(door, "link", "Add a passkey")
    prove(door)
    door.get_by_label("Log in with it alone").focus()
    door.keyboard.press("Space")
    assert complaints(door, axe, whole=True) == {}
    press(door, "button", "Add")
    shows(door, "Recovery codes")
    press(door, "link", "Second factor")
    for link, heading in [
        ("See your passkeys", "Passkeys"),
        ("Rename", "Rename a passkey"),
        ("Password", "Change the password"),
    ]:
        press(door, "link", link)
        shows(door, heading)
        assert complaints(door, axe, whole=True) == {}, heading
    log_out(door)
    door.goto(at(stack, "/admin/"))
    press(door, "button", "Log in with a passkey")
    shows(door, "Operations")
