"""A real browser before the real processes."""

import shutil
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from demo.actors.emulator import Emulator
from demo.plan import Plan
from demo.ports import free_port
from demo.stack import Stack, running
from portal import roles
from tests import template
from tests.browser import people
from tests.databases import scratch
from tests.lacking import lacking
from tests.portal.admin import ready
from tests.portal.admin.conftest import signed_in

CHROMIUM = shutil.which("chromium-headless-shell")
# Without these, Chromium calls its maker's servers at every start.
NO_BACKGROUND = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# No page stays open for long enough to repay what compiling its scripts well would cost.
UNCOMPILED = "--js-flags=--no-opt,--no-maglev"
PATIENCE = 15_000  # milliseconds; only a failure takes so long
DURATIONS = "provisioning configure import_lag import initial bulk_wait bulk_load"
AT_ONCE = {f"{name}_seconds": 0.2 for name in DURATIONS.split()}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    It ends with this package's tests: Playwright runs an event loop, beside which Django would
    refuse its database to the tests that follow in the same process.
    """
    if CHROMIUM is None:
        lacking("chromium-headless-shell")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # test_buttons makes its rows in this thread, where Playwright's event loop runs.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", UNCOMPILED, *NO_BACKGROUND],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The portal, its worker and a quick emulator as processes of their own."""
    plan = Plan(tmp_path_factory.mktemp("stack"), free_port(), free_port(), durable=False)
    with pytest.MonkeyPatch.context() as patch, scratch("stack", like=template.name()) as url:
        patch.setenv("DATABASE_URL", url)
        with running(plan, lambda _: None) as stack:
            Emulator(stack.plan.emulator_url).call("POST", "/behaviour", AT_ONCE)
            yield stack


@pytest.fixture(scope="package")
def staffed(stack: Stack) -> Stack:
    """That stack with staff of each role and a fleet of live tenants for them to look after."""
    people.enrol_staff_and_fleet(stack)
    return stack


@pytest.fixture
def page(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A fresh browser window; an error in the console of one of our pages fails the test.

    Its clock can be moved, for those who need not wait until a page looks again by itself.
    """
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install()
    with people.console_errors(page, stack) as errors:
        yield page
        context.close()
    assert errors == []


@pytest.fixture
def window(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A window in which a superuser is logged in, at a portal without a worker."""
    roles.ensure()
    client = signed_in(User.objects.create_superuser("root", password=people.PASSWORD))
    context = chromium.new_context(base_url=live_server.url)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()
    ready.drop_schemas()
