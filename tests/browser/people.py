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

# Staff; and live tenants whose connections exist at the (emulated) Heroku, without the way there.
_STAFF_AND_FLEET = """
import json, os, time
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import timezone
from connect.clients import heroku, heroku_connect
from connect.models import Connection
from tenants import orgid
from tenants.models import Tenant
for role, name in json.loads(os.environ["NAMES"]).items():
    user = User.objects.create_user(name, password=os.environ["PASSWORD"], is_staff=True)
    user.groups.set([Group.objects.get(name=role)])
addons = json.loads(os.environ["ADDONS"])
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


def enrol_staff_and_fleet(stack: Stack) -> None:
    """Make a member of staff with each role, and the live tenants of FLEET."""
    tenants = [f"{name} {n:02d}" for name, count in FLEET.items() for n in range(count)]
    addons = {name: f"hc-{name.lower().replace(' ', '-')}" for name in tenants}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", _STAFF_AND_FLEET],
        cwd=ROOT,
        env={
            **os.environ,
            **stack.environment,
            "NAMES": json.dumps(NAMES),
            "PASSWORD": PASSWORD,
            "ADDONS": json.dumps(addons),
        },
        check=True,
        capture_output=True,
    )
    emulator = Emulator(stack.plan.emulator_url)
    for each in emulator.call("GET", "/connections")["connections"]:
        if each["resource_name"] in addons.values():
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
