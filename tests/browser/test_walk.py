"""A walk over the staff's pages, last, when the day's work has filled them.

No page says an error in the console, a breach of the content security policy among them; none
scrolls sideways, at 200 % zoom either; and axe-core finds no fault of any severity, in light, in
dark and on a phone. `make test` sees a page of each kind; CI and `make thorough` see every page.
"""

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
from demo.plan import ROOT
from demo.stack import Stack
from tests.browser.people import console_errors, log_in, open_tenant
from tests.lacking import lacking

pytestmark = pytest.mark.browser
AXE = "axe-core@4.14.1"
# Off by itself: the 24 pixels that WCAG 2.2 asks of what is pressed.
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
Scheme = Literal["light", "dark"]
# Width, scheme, and the rules that only this look can break; every rule is asked in the first.
# The last is a laptop at 200 % zoom: nothing new is asked of it but its width.
LOOKS: dict[str, tuple[int, Scheme, list[str] | None]] = {
    "light": (1280, "light", []),
    "dark": (1280, "dark", ["color-contrast", "link-in-text-block"]),
    "phone": (360, "light", ["target-size", "scrollable-region-focusable"]),
    "zoomed": (640, "light", None),
}
# The same on each page, so that the dashboard is asked for it, and for every rule in every look.
NAVIGATION = "#navigation"
# Pages of their own; then one of each kind: an index, lists, an empty one, a form.
SPECIMENS = (
    "/admin/attention/",
    "/admin/fleet/",
    "/admin/find/?q=a",
    "/admin/setup/",
    "/admin/runbook/",
    "/admin/account/preferences/",
    "/admin/account/factors/",
    "/admin/tenants/",
    "/admin/tenants/tenant/",
    "/admin/tenants/switch/",
    "/admin/connect/health/",
    "/admin/connect/writeerror/",
    "/admin/connect/rollout/add/",
    "/admin/portal/bulkrun/",
    "/admin/social/collectionrun/",
)
FORMS = (
    "/admin/connect/hostapp/add/",
    "/admin/connect/mappingtemplate/add/",
    "/admin/auth/user/add/",
)
FAILURE = "/admin/no/such/"
ALIKE = "#result_list tbody tr:nth-child(n+5)"  # four rows of a list show what its cells can be


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, fetched once from npm; nothing without npm."""
    kept = ROOT / ".state" / "axe" / f"{AXE}.js"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            return ""
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
def looker(chromium: Browser, staffed: Stack, axe: str) -> Iterator[Page]:
    """A window, logged in, whose pages carry axe-core.

    Without motion, since a colour on its way from one look to the next is neither.
    """
    context = chromium.new_context(reduced_motion="reduce")
    if axe:
        context.add_init_script(axe)
    page = context.new_page()
    log_in(page, staffed)
    yield page
    context.close()


def faults(page: Page, scope: dict[str, Any], rules: list[str]) -> list[str]:
    """Return what axe-core holds against a page: the rule, and the first element that breaks it."""
    options = {**OPTIONS, **({"runOnly": rules} if rules else {})}
    found: dict[str, Any] = page.evaluate(
        "([scope, options]) => axe.run(scope, options)", [scope, options]
    )
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]


def complaints(page: Page, axe: str, *, whole: bool) -> dict[str, list[str]]:
    """Return what is wrong with the page that is open, by look."""
    found = {}
    scope = {"include": ["html"], "exclude": [] if whole else [NAVIGATION, ALIKE]}
    for look, (width, scheme, rules) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        wrong = faults(page, scope, [] if whole else rules) if axe and rules is not None else []
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            wrong.append(f"{wide} px too wide")
        if wrong:
            found[look] = wrong
    return found


def addresses(page: Page, stack: Stack, *, every: bool) -> list[str]:
    """Return the dashboard, lists, forms, a tenant, a destructive action, and a failure."""
    links = page.locator(f"{NAVIGATION} a").evaluate_all("all => all.map(each => each.pathname)")
    open_tenant(page, stack, BOREALIS)
    own = page.evaluate("location.pathname")
    destructive = own.replace("/change/", "/do/offboard/")
    more = [*links, *FORMS] if every else []
    return ["/admin/", *more, *SPECIMENS, own, destructive, FAILURE]


def is_empty_list(page: Page) -> bool:
    return page.locator("#changelist .empty").count() > 0


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.every)])
def test_no_page_complains_has_a_fault_or_scrolls_sideways(
    staffed: Stack, looker: Page, axe: str, every: bool
) -> None:
    dashboard, *others = dict.fromkeys(addresses(looker, staffed, every=every))
    assert len(others) > (20 if every else len(SPECIMENS))
    found, seen_empty = {}, False
    for address in (dashboard, *others):
        with console_errors(looker, staffed) as said:
            answer = looker.goto(f"{staffed.plan.portal_url}{address}")
        assert answer is not None
        assert answer.status == (404 if address == FAILURE else 200), address
        wrong = {"console": said} if said and answer.ok else {}
        empty = is_empty_list(looker)
        if not (empty and seen_empty):  # all empty lists are the same except for their name
            wrong |= complaints(looker, axe, whole=address == dashboard)
        seen_empty |= empty
        if wrong:
            found[address] = wrong
    assert found == {}
    if not axe:
        lacking("npm")  # and so axe-core cannot be asked
