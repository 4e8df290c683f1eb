"""Times in a browser: they stay true, and the keyboard shows them exactly."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.models import Heartbeat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/admin/portal/heartbeat/"


def test_a_page_that_is_left_open_does_not_grow_stale(window: Page) -> None:
    began = timezone.now() - timedelta(minutes=2, seconds=30)
    Heartbeat.objects.create(worker="w", started_at=began, beat_at=began)
    window.clock.install()
    window.goto(LIST)
    moment = window.locator("#result_list time").first
    expect(moment).to_have_text("2 minutes ago")
    window.clock.run_for(8 * 60_000)
    expect(moment).to_have_text("10 minutes ago")


def test_the_exact_time_is_shown_where_the_keyboard_is(window: Page) -> None:
    Heartbeat.objects.create(worker="w")
    window.goto(LIST)
    moment = window.locator("#result_list time").first
    shown = "each => getComputedStyle(each, '::after').content"
    assert moment.evaluate(shown) == "none"
    window.locator("#result_list tbody a").first.focus()
    window.keyboard.press("Shift+Tab")
    window.keyboard.press("Tab")
    assert str(timezone.now().year) in moment.evaluate(shown)


def test_the_zone_is_chosen_on_the_page_of_preferences(window: Page) -> None:
    window.goto("/admin/")
    window.get_by_role("link", name="Change").click()
    window.get_by_label("Time zone").select_option("Asia/Tokyo")
    window.get_by_role("button", name="Save").click()
    expect(window.locator(".messagelist")).to_contain_text("Your preferences are saved.")
    expect(window.locator("#footer")).to_contain_text("All times are Asia/Tokyo.")
