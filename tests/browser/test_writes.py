"""The page of a cause of failed writes on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from connect.write_errors import scan
from tests.connect.write_errors.schemas import live, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_cause_fits_a_phone(window: Page) -> None:
    connection = live(1)
    code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    write(connection, f"{code}: Level: bad value for restricted picklist field: {'x' * 300}")
    scan.scan_all()
    window.set_viewport_size({"width": 390, "height": 844})
    page = reverse("admin:connect_writeerror_change", args=[connection.failures.get().pk])
    window.goto(page, wait_until="domcontentloaded")
    wide = (
        "[...document.querySelectorAll('h1, .panel, #content')]"
        ".map(each => Math.ceil(each.getBoundingClientRect().right))"
    )
    assert max(window.evaluate(wide)) <= 390
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
