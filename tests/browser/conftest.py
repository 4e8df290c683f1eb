"""A real browser before the real processes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from demo.stack import Plan, Stack, free_port, running

CHROMIUM = shutil.which("chromium")
# Without these, Chromium calls its maker's servers at every start.
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DURATIONS = "provisioning configure import_lag import initial bulk_wait bulk_load"
AT_ONCE = {f"{name}_seconds": 0.2 for name in DURATIONS.split()}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed. To run these tests: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *QUIET]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The portal, its worker and the emulator as processes of their own."""
    state: Path = tmp_path_factory.mktemp("stack")
    with running(Plan(state, free_port(), free_port(), durable=False), lambda _: None) as stack:
        yield stack


@pytest.fixture
def page(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A fresh browser window; an error in the console of one of our pages fails the test."""
    context = chromium.new_context()
    page = context.new_page()
    errors: list[str] = []

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"].startswith(stack.plan.portal_url):
            errors.append(said.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
