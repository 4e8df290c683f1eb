"""`make screenshots`: the portal's pages from seeded data, in light, dark, phone and full width.

Small PNGs in docs/screenshots, for README, docs/staff.md and reviews of design changes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import harness
from demo.plan import ROOT
from demo.ports import free_port

if TYPE_CHECKING:
    from connect.models import Connection

TO = ROOT / "docs" / "screenshots"
TENANTS = 400
PASSWORD = "only-for-these-pictures"  # noqa: S105 (of a database that ends with the run)
# These are captured in full height, up to MAX_HEIGHT; the others as one screen.
WHOLE = (
    *("dashboard", "worklist", "fleet", "incident", "rollout", "rollout-new", "setup", "mail"),
    *("tenant-waiting", "tenant-blocked", "tenant-live"),
)
MAX_HEIGHT = 1900  # pixels
# Pages whose addresses name no row.
PAGES = {
    "dashboard": "/admin/",
    "worklist": "/admin/attention/",
    "fleet": "/admin/fleet/",
    "find": "/admin/find/?q=arbor",
    "setup": "/admin/setup/",
    "runbook": "/admin/runbook/",
    "tenants": "/admin/tenants/tenant/",
    "tenants-blocked": "/admin/tenants/tenant/?attention=blocked",
    "connections": "/admin/connect/connection/",
    "mappings": "/admin/connect/mapping/?failed=yes",
    "health": "/admin/connect/healthsample/",
    "events": "/admin/tenants/event/",
    "messages": "/admin/tenants/message/",
    "switches": "/admin/tenants/switch/",
    "write-errors": "/admin/connect/writeerror/",
    "host-apps": "/admin/connect/hostapp/",
    "incidents": "/admin/connect/incident/",
    "rollout-new": "/admin/connect/rollout/add/",
    "version-new": "/admin/connect/mappingtemplate/add/",
    "account": "/admin/account/factors/",
    "preferences": "/admin/account/preferences/",
    "staff": "/admin/auth/user/",
    "not-found": "/admin/no/such/page/",
}


@dataclass(frozen=True)
class Look:
    """One way of looking at a page."""

    name: str
    width: int
    height: int
    scheme: str


LOOKS = (
    Look("light", 1280, 800, "light"),
    Look("dark", 1280, 800, "dark"),
    Look("phone", 360, 740, "light"),
    Look("wide", 1920, 1080, "light"),
)


def main() -> int:
    """Render every page in every look; return the exit code."""
    port = free_port()
    harness.set_up(PORTAL_URL=f"http://127.0.0.1:{port}")
    pages = _seed()
    shutil.rmtree(TO, ignore_errors=True)
    TO.mkdir(parents=True)
    with _served(port), sync_playwright() as playwright:
        chromium = shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        errors = [each for look in LOOKS for each in _render(browser, look, port, pages)]
        browser.close()
    print(f"{len(list(TO.glob('*.png')))} pictures in {TO.relative_to(ROOT)}")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


# --- what is shown -------------------------------------------------------------------------------


def _seed() -> dict[str, str]:
    """Fill the database; return each picture's name with its address."""
    from django.contrib.auth.models import User

    from bench import fleet
    from tenants import links, messages
    from tenants.models import MessageKind

    fleet.seed(TENANTS)
    olga = User.objects.create_superuser("olga", password=PASSWORD)
    _switch_off("social_job", "X bills every post twice", olga)
    waiting, consent, blocked, live = _cases()
    incident, rollout = _incident(live), _rollout()
    mail = messages.queue(consent.tenant, MessageKind.SIGN_IN, key="screenshot")
    letter = Path(tempfile.mkdtemp()) / "mail.html"
    letter.write_text(mail.html)
    return PAGES | {
        "tenant-waiting": f"/admin/tenants/tenant/{waiting.tenant_id}/change/",
        "tenant-blocked": f"/admin/tenants/tenant/{blocked.tenant_id}/change/",
        "tenant-live": f"/admin/tenants/tenant/{live.tenant_id}/change/",
        "bulk": f"/admin/portal/bulkrun/{_bulk_run()}/change/",
        "incident": f"/admin/connect/incident/{incident}/change/",
        "rollout": f"/admin/connect/rollout/{rollout}/change/",
        "confirm": f"/admin/tenants/tenant/{live.tenant_id}/do/offboard/",
        "pause": f"/admin/tenants/tenant/{live.tenant_id}/do/pause_until/",
        "subscriber-sign-in": links.sign_in_url(consent.tenant),
        "subscriber-authorize": links.sign_in_url(waiting.tenant),
        "subscriber-live": links.sign_in_url(live.tenant),
        "mail": letter.as_uri(),
    }


def _cases() -> "list[Connection]":
    """Return connections: waiting for authorization, waiting for consent, blocked, live."""
    from connect.models import Connection, Stage

    current = Connection.objects.filter(offboarded_at=None).select_related("tenant")
    found = (
        current.filter(stage=Stage.WAITING_FOR_AUTHORIZATION).first(),
        current.filter(stage=Stage.WAITING_FOR_CONSENT).first(),
        current.filter(blocked_at__isnull=False).order_by("blocked_at").first(),
        current.filter(stage=Stage.LIVE, state="IDLE", mappings__rows_failed__gt=0).first(),
    )
    cases = [each for each in found if each]
    if len(cases) < len(found):
        raise LookupError("the seeded fleet lacks one of its cases")
    return cases


def _incident(live: "Connection") -> int:
    """Make an incident that the portal is healing, and return its key."""
    from django.utils import timezone

    from connect.models import HealingAttempt, Incident, IncidentKind, IncidentStatus

    now = timezone.now()
    made = Incident.objects.create(
        connection=live,
        kind=IncidentKind.DB_UNAVAILABLE,
        status=IncidentStatus.OPEN,
        text="Heroku Connect cannot reach the tenants’ database: connection refused.",
        suspected_at=now - timedelta(hours=1),
        opened_at=now - timedelta(minutes=50),
        attempts=1,
        next_attempt_at=now + timedelta(minutes=9),
    )
    HealingAttempt.objects.create(incident=made, remedy="restart", text="“Restart” done.")
    return int(made.pk)


def _rollout() -> int:
    """Make a roll-out that is half-way, and return its key."""
    from connect.models import (
        Connection,
        MappingTemplate,
        Rollout,
        RolloutItem,
        RolloutItemStatus,
        RolloutStatus,
    )

    template = MappingTemplate.objects.latest("version")
    rollout = Rollout.objects.create(
        template=template, author="mia", status=RolloutStatus.RUNNING, canary_size=5, wave_size=20
    )
    live = list(Connection.objects.filter(stage="live", state="IDLE").order_by("-pk")[:45])
    for number, row in enumerate(live):
        status, error = RolloutItemStatus.READY, ""
        if number < 21:
            status = RolloutItemStatus.DONE
        if number in (6, 13):
            status, error = RolloutItemStatus.FAILED, "Heroku Connect answers 503 for hours."
        RolloutItem.objects.create(
            rollout=rollout,
            connection=row,
            wave=0 if number < 5 else 1 + (number - 5) // 20,
            target=template,
            status=status,
            last_error=error,
        )
    return int(rollout.pk)


def _switch_off(name: str, why: str, user: Any) -> None:
    from django.test import Client
    from django.urls import reverse

    client = Client()
    client.force_login(user)
    url = reverse("admin:tenants_switch_act", args=[name, "turn_off"])
    client.post(url, {"confirmed": "yes", "why": why})


def _bulk_run() -> int:
    """Make a bulk action that is half-way, and return its key."""
    from django.utils import timezone

    from connect.models import Connection, Stage
    from portal.models import BulkItem, BulkItemStatus, BulkRun

    rows = list(Connection.objects.filter(stage=Stage.LIVE).select_related("tenant")[:60])
    now = timezone.now()
    run = BulkRun.objects.create(
        action="pause", label="Pause", actor="olga", total=len(rows), created_at=now
    )
    for number, row in enumerate(rows):
        status, text = BulkItemStatus.WAITING, ""
        if number < 33:
            status, text = BulkItemStatus.DONE, "Pause: accepted; the state is now PAUSED."
        if number in (7, 19):
            status, text = BulkItemStatus.SKIPPED, "it is already paused"
        if number == 24:
            status, text = BulkItemStatus.FAILED, "Heroku Connect answers 503: try again later."
        ended = now - timedelta(seconds=60 - number) if status != BulkItemStatus.WAITING else None
        BulkItem.objects.create(
            run=run, tenant=row.tenant, connection=row, status=status, text=text, ended_at=ended
        )
    return int(run.pk)


# --- how it is shown -----------------------------------------------------------------------------


@contextmanager
def _served(port: int) -> Iterator[None]:
    """Serve the portal as it is in production, without a worker: nothing moves."""
    command = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "WEB_CONCURRENCY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://127.0.0.1:{port}/healthz")
        yield
    finally:
        server.terminate()
        server.wait(20)


def _await(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310 (our own server)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(address)


def _render(browser: Browser, look: Look, port: int, pages: dict[str, str]) -> list[str]:
    """Save every page in one look; return what the console complained of and what overflows."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.scheme == "dark" else "light",
    )
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    _log_in(page, port)
    for name, address in pages.items():
        url = address if "://" in address else f"http://127.0.0.1:{port}{address}"
        page.goto(url)
        tall = int(page.evaluate("document.documentElement.scrollHeight"))
        wide = int(page.evaluate("document.documentElement.scrollWidth"))
        if wide > look.width and name != "mail":
            errors.append(f"{name} is {wide} px wide where there are {look.width}")
        height = min(tall, MAX_HEIGHT) if name in WHOLE else look.height
        clip = {"x": 0, "y": 0, "width": look.width, "height": height}
        page.screenshot(path=TO / f"{name}-{look.name}.png", clip=clip, full_page=True)  # type: ignore[arg-type]
    context.close()
    return errors


def _log_in(page: Page, port: int) -> None:
    page.goto(f"http://127.0.0.1:{port}/admin/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/admin/")


if __name__ == "__main__":
    sys.exit(main())
