"""Staff of each role, and a fleet for them to look after, in the running portal."""

import json
import os
import re
import subprocess
import sys
import time

from playwright.sync_api import Locator, Page, expect

from demo.driver import Emulator
from demo.stack import ROOT, Stack

PASSWORD = "a-day-of-work-12"
PATIENCE_SECONDS = 30.0
NAMES = {"Viewer": "vera", "Operator": "olga", "Manager": "mia"}
FLEET = {"Quartz": 20, "Opal": 1, "Onyx": 1, "Slate": 1}

_ENROL = """
import json, os
from django.contrib.auth.models import Group, User
for role, name in json.loads(os.environ["NAMES"]).items():
    user = User.objects.create_user(name, password=os.environ["PASSWORD"], is_staff=True)
    user.groups.set([Group.objects.get(name=role)])
"""
# Live tenants whose connections exist at the (emulated) Heroku, without the way to get there.
_FLEET = """
import json, os, time
from django.conf import settings
from django.utils import timezone
from connect.clients import heroku, heroku_connect
from connect.models import Connection
from tenants import orgid
from tenants.models import Tenant
names = json.loads(os.environ["TENANTS"])
addons = {name: f"hc-{name.lower().replace(' ', '-')}" for name in names}
for name, addon in addons.items():
    plan, attachment = settings.HEROKU_CONNECT_PLAN, addon.replace("-", "_").upper()
    heroku.create_addon(settings.APP_NAME, plan, addon, attachment)
for _ in range(50):
    found = {each.resource_name: each for each in heroku_connect.link(settings.APP_NAME)}
    if set(addons.values()) <= set(found):
        break
    time.sleep(0.1)
now = timezone.now()
for number, (name, addon) in enumerate(addons.items()):
    org = orgid.normalize(f"00D9z{number:010d}")
    tenant = Tenant.objects.create(
        org_id=org, name=name, admin_email=f"it@{addon}.example", proof="signed", proven_at=now
    )
    Connection.objects.create(
        tenant=tenant, stage="live", organization_id=org, addon_name=addon, state="IDLE",
        connection_id=found[addon].id, region_url=found[addon].region_url, live_at=now,
        schema_name=f"sf_{org.lower()}_1", next_attempt_at=None, seen_at=now,
        addon_requested_at=now,
    )
"""


def in_the_portal(stack: Stack, code: str, **variables: str) -> None:
    """Run a few lines with the portal's own code, settings and database."""
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={**os.environ, **stack.environment, **variables},
        check=True,
        capture_output=True,
    )


def enrol_staff_and_fleet(stack: Stack) -> None:
    """Make a member of staff with each role, and the live tenants of FLEET."""
    emulator = Emulator(stack.plan.emulator_url)
    tenants = [f"{name} {n:02d}" for name, count in FLEET.items() for n in range(count)]
    names, wanted = json.dumps(NAMES), json.dumps(tenants)
    in_the_portal(stack, _ENROL + _FLEET, NAMES=names, PASSWORD=PASSWORD, TENANTS=wanted)
    for each in emulator.call("GET", "/connections")["connections"]:
        if each["resource_name"].removeprefix("hc-").rpartition("-")[0].title() in FLEET:
            emulator.call("POST", f"/connections/{each['id']}/state", {"state": "IDLE"})


def log_in_as(page: Page, stack: Stack, role: str) -> None:
    """Log in as the member of staff with a role."""
    page.goto(f"{stack.plan.portal_url}/admin/")
    page.get_by_label("Username").fill(NAMES[role])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")


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
