"""How pages become pictures: a served portal, a browser, one look after the other."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from bench.screenshots.addresses import MAX_HEIGHT, is_whole
from demo.plan import ROOT

TO = ROOT / "docs" / "screenshots"
PASSWORD = "only-for-these-pictures"  # noqa: S105 (of a database that ends with the run)


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


@contextmanager
def served(port: int) -> Iterator[None]:
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


def render(browser: Browser, look: Look, port: int, pages: dict[str, str]) -> list[str]:
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
        answer = page.goto(url)
        if answer and answer.status >= 500:
            errors.append(f"{name} answers {answer.status}")
        tall = int(page.evaluate("document.documentElement.scrollHeight"))
        wide = int(page.evaluate("document.documentElement.scrollWidth"))
        if wide > look.width and not name.startswith("mail"):
            errors.append(f"{name} is {wide} px wide where there are {look.width}")
        height = min(tall, MAX_HEIGHT) if is_whole(name) else look.height
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
