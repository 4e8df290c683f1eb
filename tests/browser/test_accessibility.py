"""axe-core finds no serious fault on any page of the staff, in light, in dark and on a phone."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from demo.cast import BOREALIS
from demo.driver import send_callout
from demo.stack import ROOT, Stack
from tests.browser.test_staff import log_in

pytestmark = pytest.mark.browser
AXE = "axe-core@4.14.1"
SERIOUS = ("serious", "critical")
LOOKS: dict[str, tuple[int, str]] = {
    "light": (1280, "light"),
    "dark": (1280, "dark"),
    "phone": (360, "light"),
}


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, fetched once from npm."""
    kept = ROOT / ".state" / "axe" / f"{AXE}.js"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed. To run this test: apt-get install npm")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_from_npm(npm, kept.parent))
    return kept.read_text()


def _from_npm(npm: str, folder: Path) -> bytes:
    packed = subprocess.run(
        [npm, "pack", AXE, "--silent"], cwd=folder, check=True, capture_output=True, text=True
    )
    archive = folder / packed.stdout.strip()
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as contents:
        script = contents.extractfile("package/axe.min.js")
        assert script is not None
        return script.read()


@pytest.fixture(params=LOOKS)
def looker(
    request: pytest.FixtureRequest, chromium: Browser, stack: Stack, axe: str
) -> Iterator[Page]:
    """A window in one look, logged in. axe-core itself tries inline styles, hence no CSP."""
    width, scheme = LOOKS[request.param]
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    page = context.new_page()
    log_in(page, stack)
    yield page
    context.close()


def faults(page: Page, axe: str) -> list[str]:
    """Return what axe-core holds against a page: the rule, and the first element that breaks it."""
    page.evaluate(f"{axe};0")
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def addresses(page: Page) -> list[str]:
    """Return the dashboard, every list, a tenant's page, what hurts, and a failure screen."""
    links = page.locator("#nav-sidebar a").evaluate_all("all => all.map(each => each.pathname)")
    page.goto(page.url.split("/admin/")[0] + f"/admin/tenants/tenant/?q={BOREALIS.org_id}")
    tenant = page.get_by_role("link", name=BOREALIS.name).first.get_attribute("href")
    assert tenant
    own = tenant.split("?")[0]
    hurts = own.replace("/change/", "/do/offboard/")
    return ["/admin/", *links, own, hurts, "/admin/no/such/page/"]


def test_no_page_has_a_serious_fault_or_scrolls_sideways(
    stack: Stack, looker: Page, axe: str
) -> None:
    send_callout(stack.plan.portal_url, BOREALIS, stack.registration_secret)
    looked = addresses(looker)
    assert len(looked) > 20
    found = {}
    for address in dict.fromkeys(looked):
        looker.goto(f"{stack.plan.portal_url}{address}")
        wrong = faults(looker, axe)
        wide = looker.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wrong or wide > 0:
            found[address] = [*wrong, f"{wide} px too wide"]
    assert found == {}
