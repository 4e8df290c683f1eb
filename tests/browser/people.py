"""Staff of each role, and a fleet for them to look after, in the running portal."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from demo.actors.emulator import Emulator
from demo.actors.package import send_callout
from demo.cast import Org
from demo.plan import ROOT, STAFF
from demo.stack import Stack

PASSWORD = "a-day-of-work-12"
PATIENCE_SECONDS = 30.0
NAMES = {"Viewer": "vera", "Operator": "olga", "Manager": "mia"}
FLEET = {"Quartz": 20, "Opal": 1, "Onyx": 1, "Slate": 1}
_SESSIONS: dict[tuple[str, str], Any] = {}  # a person's cookies, by portal and name

# Staff; and live tenants whose connections exist at the (emulated) Heroku, without the way there.
_STAFF_AND_FLEET = """
import json, os, time
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone
from connect.clients import heroku, heroku_connect
from connect.clients.accounts import App, Remote
from connect.models import Connection, HostApp
from tenants import orgid
from tenants.models import Tenant
for role, name in json.loads(os.environ["NAMES"]).items():
    user = User.objects.create_user(name, password=os.environ["PASSWORD"], is_staff=True)
    user.groups.set([Group.objects.get(name=role)])
addons = json.loads(os.environ["ADDONS"])
app = App(settings.HEROKU_CONNECT_APP)
for name, addon in addons.items():
    plan, attachment = settings.HEROKU_CONNECT_PLAN, addon.replace("-", "_").upper()
    heroku.create_addon(app, plan, addon, attachment)
for _ in range(50):
    found = {each.resource_name: each for each in heroku_connect.link(app)}
    if set(addons.values()) <= set(found):
        break
    time.sleep(0.1)
def configured(each):
    return heroku_connect.detail(Remote(each.region_url, each.id)).state == "NEED_AUTHENTICATION"
now = timezone.now()
for number, (name, addon) in enumerate(addons.items()):
    org, there = orgid.normalize(f"00D9z{number:010d}"), found[addon]
    schema = f"sf_{org.lower()}_1"
    heroku_connect.configure(
        Remote(there.region_url, there.id), settings.HEROKU_CONNECT_DB_KEY, schema
    )
    for _ in range(50):
        if configured(there):
            break
        time.sleep(0.1)
    tenant = Tenant.objects.create(
        org_id=org, name=name, admin_email=f"it@{addon}.example", proof="signed", proven_at=now
    )
    Connection.objects.create(
        tenant=tenant, stage="live", organization_id=org, addon_name=addon, state="IDLE",
        connection_id=there.id, region_url=there.region_url, live_at=now,
        schema_name=schema, next_attempt_at=None, seen_at=now,
        addon_requested_at=now, host_app=HostApp.objects.get(name=settings.HEROKU_CONNECT_APP),
    )
"""

# The worker may have looked before they were all there, and its next look comes minutes later.
_LOOK = """
from connect.health import regions
for part in regions.parts():
    regions.refresh_region(*part)
"""


def enrol_staff_and_fleet(stack: Stack) -> None:
    """Make a member of staff with each role, and the live tenants of FLEET."""
    tenants = [f"{name} {n:02d}" for name, count in FLEET.items() for n in range(count)]
    addons = {name: f"hc-{name.lower().replace(' ', '-')}" for name in tenants}
    _shell(
        stack,
        _STAFF_AND_FLEET,
        {"NAMES": json.dumps(NAMES), "PASSWORD": PASSWORD, "ADDONS": json.dumps(addons)},
    )
    emulator = Emulator(stack.plan.emulator_url)
    for each in emulator.call("GET", "/connections")["connections"]:
        if each["resource_name"] in addons.values():
            emulator.call("POST", f"/connections/{each['id']}/state", {"state": "IDLE"})
    _shell(stack, _LOOK, {})


def _shell(stack: Stack, code: str, variables: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={**os.environ, **stack.environment, **variables},
        check=True,
        capture_output=True,
    )


def log_in(page: Page, stack: Stack) -> None:
    """Log in as the superuser that a stack begins with."""
    _log_in(page, stack, STAFF, stack.password)


def log_in_as(page: Page, stack: Stack, role: str) -> None:
    """Log in as the member of staff with a role."""
    _log_in(page, stack, NAMES[role], PASSWORD)


def _log_in(page: Page, stack: Stack, name: str, password: str) -> None:
    """Log in by the form; a person who did so before has the session still, as people do."""
    page.context.add_cookies(_SESSIONS.get((stack.plan.portal_url, name), []))
    page.goto(f"{stack.plan.portal_url}/admin/")
    if page.get_by_label("Username").count():
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    _SESSIONS[stack.plan.portal_url, name] = page.context.cookies()


def open_tenant(page: Page, stack: Stack, org: Org) -> None:
    """Open the page of a tenant, who registers if that was not done yet."""
    send_callout(stack.plan.portal_url, org, stack.registration_secret)
    page.goto(f"{stack.plan.portal_url}/admin/tenants/tenant/?q={org.org_id}")
    page.get_by_role("link", name=org.name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(org.name)


def unfold(page: Page) -> None:
    """Open the menu of the buttons that are not shown, if the page has one, by the keyboard."""
    page.locator(".do").first.wait_for()
    menu = page.locator(".do .more > summary")
    if menu.count():
        menu.first.press("Enter")


@contextmanager
def console_errors(page: Page, stack: Stack) -> Iterator[list[str]]:
    """Collect the errors that pages of the portal write to the console in this block."""
    errors: list[str] = []

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"].startswith(stack.plan.portal_url):
            errors.append(said.text)

    def fail(error: Exception) -> None:
        errors.append(str(error))

    page.on("console", listen)
    page.on("pageerror", fail)
    yield errors
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", fail)


def watch_until(part: Locator, says: str | re.Pattern[str]) -> None:
    """Watch a part of a page that renews itself, at once instead of at its own calm rhythm."""
    clock, end = part.page.clock, time.monotonic() + PATIENCE_SECONDS
    while True:
        clock.fast_forward(60_000)
        try:
            expect(part).to_contain_text(says, timeout=500)
        except AssertionError:
            if time.monotonic() > end:
                raise
        else:
            return
