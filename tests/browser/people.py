"""Staff of each role, and a fleet for them to look after, in the running portal."""

import os
import subprocess
import sys

from playwright.sync_api import Page, expect

from demo.driver import Emulator
from demo.stack import ROOT, Stack

PASSWORD = "a-day-of-work-12"
NAMES = {"Viewer": "vera", "Operator": "olga", "Manager": "mia"}

_ENROL = """
import os
from django.contrib.auth.models import Group, User
user, _ = User.objects.get_or_create(username=os.environ["NAME"], is_staff=True)
user.set_password(os.environ["PASSWORD"])
user.save()
user.groups.set([Group.objects.get(name=os.environ["ROLE"])])
"""
# Live tenants whose connections exist at the (emulated) Heroku, without the way to get there.
_FLEET = """
import os, time
from django.conf import settings
from django.utils import timezone
from connect.clients import heroku, heroku_connect
from connect.models import Connection
from tenants import orgid
from tenants.models import Tenant
names = [f"{os.environ['PREFIX']} {number:02d}" for number in range(int(os.environ["COUNT"]))]
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
    org = orgid.normalize(f"00D9z{os.environ['SERIES']}{number:09d}")
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


def log_in_as(page: Page, stack: Stack, role: str) -> None:
    """Log in as the member of staff with a role, who is made on the way."""
    in_the_portal(stack, _ENROL, NAME=NAMES[role], PASSWORD=PASSWORD, ROLE=role)
    page.goto(f"{stack.plan.portal_url}/admin/")
    page.get_by_label("Username").fill(NAMES[role])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")


def make_fleet(stack: Stack, prefix: str, count: int, series: str) -> None:
    """Make live tenants “<prefix> 00”, “<prefix> 01”, …; `series` is a digit of their org ids."""
    emulator = Emulator(stack.plan.emulator_url)
    in_the_portal(stack, _FLEET, PREFIX=prefix, COUNT=str(count), SERIES=series)
    for each in emulator.call("GET", "/connections")["connections"]:
        if each["resource_name"].startswith(f"hc-{prefix.lower()}-"):
            emulator.call("POST", f"/connections/{each['id']}/state", {"state": "IDLE"})
