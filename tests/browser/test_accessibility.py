"""axe-core finds no serious fault on any page of the staff, in light, in dark and on a phone."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from demo.cast import BOREALIS
from demo.driver import send_callout
from demo.stack import ROOT, Stack
from tests.browser.test_staff import log_in

pytestmark = pytest.mark.browser
AXE = "axe-core@4.14.1"
SERIOUS = ("serious", "critical")
LOOKS: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "light": (1280, "light"),
    "dark": (1280, "dark"),
    "phone": (360, "light"),
}
# What colours and widths can change: asked in each look. The other rules are asked in the first.
CHANGING = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
# The same on each page, so that the dashboard is asked for it, and for every rule in every look.
NAVIGATION = "#nav-sidebar"


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


@pytest.fixture
def looker(chromium: Browser, stack: Stack, axe: str) -> Iterator[Page]:
    """A window, logged in, whose pages carry axe-core. It tries inline styles, hence no CSP.

    Without motion, since a colour on its way from one look to the next is neither.
    """
    context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
    context.add_init_script(axe)
    page = context.new_page()
    log_in(page, stack)
    yield page
    context.close()


def faults(page: Page, scope: dict[str, Any], rules: list[str] | None) -> list[str]:
    """Return what axe-core holds against a page: the rule, and the first element that breaks it."""
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found: dict[str, Any] = page.evaluate(
        "([scope, options]) => axe.run(scope, options)", [scope, options]
    )
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def complaints(page: Page, *, whole: bool) -> dict[str, list[str]]:
    """Return what is wrong with the page that is open, by look."""
    found = {}
    scope = {"include": ["html"], "exclude": [] if whole else [NAVIGATION]}
    for look, (width, scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        wrong = faults(page, scope, None if whole or look == "light" else CHANGING)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wrong or wide > 0:
            found[look] = [*wrong, f"{wide} px too wide"]
    return found


def addresses(page: Page) -> list[str]:
    """Return the dashboard, every list, a tenant's page, what hurts, and a failure screen."""
    links = page.locator("#nav-sidebar a").evaluate_all("all => all.map(each => each.pathname)")
    page.goto(page.url.split("/admin/")[0] + f"/admin/tenants/tenant/?q={BOREALIS.org_id}")
    tenant = page.get_by_role("link", name=BOREALIS.name).first.get_attribute("href")
    assert tenant
    own = tenant.split("?")[0]
    hurts = own.replace("/change/", "/do/offboard/")
    return ["/admin/", *links, own, hurts, "/admin/no/such/page/"]


def test_no_page_has_a_serious_fault_or_scrolls_sideways(stack: Stack, looker: Page) -> None:
    send_callout(stack.plan.portal_url, BOREALIS, stack.registration_secret)
    dashboard, *others = dict.fromkeys(addresses(looker))
    assert len(others) > 20
    found = {}
    for address in (dashboard, *others):
        looker.goto(f"{stack.plan.portal_url}{address}")
        wrong = complaints(looker, whole=address == dashboard)
        if wrong:
            found[address] = wrong
    assert found == {}
