"""Render every page in every look."""

import shutil
import sys

from playwright.sync_api import sync_playwright

from bench import harness
from bench.screenshots.capture import LOOKS, TO, render, served
from bench.screenshots.seeding import seed
from demo.plan import ROOT
from demo.ports import free_port


def main() -> int:
    """Render every page in every look; return the exit code."""
    port = free_port()
    harness.set_up(PORTAL_URL=f"http://127.0.0.1:{port}")
    pages = seed()
    with served(port), sync_playwright() as playwright:
        chromium = shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shutil.rmtree(TO, ignore_errors=True)  # only now: without a browser the old ones stay
        TO.mkdir(parents=True)
        errors = [each for look in LOOKS for each in render(browser, look, port, pages)]
        browser.close()
    print(f"{len(list(TO.glob('*.png')))} pictures in {TO.relative_to(ROOT)}")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
