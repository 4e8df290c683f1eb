"""The field "Find anything" by keyboard alone, and the menu on a phone and on a laptop."""

import re

import pytest
from playwright.sync_api import Page, expect

from connect.models import Incident
from portal.actions import action as registry
from tenants.models import Tenant
from tests.portal.admin import ready, strangers, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.fixture
def acme(window: Page) -> Tenant:
    return Tenant.objects.get(pk=ready.row_for(Tenant, registry.of(Tenant)["pause"]).pk)


def test_a_tenant_is_four_keys_and_a_few_letters_away(window: Page, acme: Tenant) -> None:
    strangers.connected(range(2))
    window.goto("/admin/")
    window.keyboard.press("/")
    field = window.get_by_role("combobox", name="Find anything")
    expect(field).to_be_focused()
    window.keyboard.type(acme.name)
    expect(field).to_have_attribute("aria-expanded", "true")
    chosen = window.get_by_role("option", selected=True)
    expect(chosen).to_contain_text(acme.name)
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    window.keyboard.press("Enter")
    window.wait_for_url(f"**{walk.page(Tenant, 'change', acme.pk)}")


def test_the_arrows_move_through_what_is_found(window: Page) -> None:
    strangers.connected(range(2))
    window.goto("/admin/")
    window.keyboard.press("/")
    window.keyboard.type("Stra")
    found = window.get_by_role("option", name="Stranger")
    expect(found.nth(1)).to_be_visible()
    for key, place in (("ArrowDown", 1), ("ArrowUp", 0)):
        window.keyboard.press(key)
        expect(found.nth(place)).to_have_attribute("aria-selected", "true")


def test_escape_closes_the_list_and_then_empties_the_field(window: Page, acme: Tenant) -> None:
    window.goto("/admin/")
    window.keyboard.press("Control+k")
    field = window.get_by_role("combobox", name="Find anything")
    window.keyboard.type("incidents")
    expect(window.get_by_role("option").first).to_be_visible()
    window.keyboard.press("Escape")
    expect(window.get_by_role("listbox", name="Results")).to_be_hidden()
    expect(field).to_have_value("incidents")
    window.keyboard.press("Escape")
    expect(field).to_have_value("")


def test_a_slash_in_a_field_is_a_slash(window: Page) -> None:
    window.goto(walk.page(Tenant, "changelist"))
    search = window.locator("#searchbar")
    search.press("/")
    expect(search).to_have_value("/")
    expect(search).to_be_focused()


def test_what_is_not_found_is_said(window: Page) -> None:
    window.goto("/admin/")
    window.keyboard.press("/")
    window.keyboard.type("zzzz")
    expect(window.locator(".find-said")).to_have_text("Nothing found.")
    window.keyboard.press("Enter")
    expect(window.locator("#content")).to_contain_text("Nothing found for “zzzz”")


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(window: Page) -> None:
    window.set_viewport_size(PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(Incident, "changelist"))
    button, menu = window.get_by_role("button", name="Menu"), window.locator("#navigation")
    expect(menu).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(menu.get_by_role("link", name=re.compile("^Incidents"))).to_have_attribute(
        "aria-current", "page"
    )
    window.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_current_entry_is_in_view_and_a_closed_menu_stays_closed(window: Page) -> None:
    window.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    window.goto("/admin/django_q/schedule/")
    expect(window.locator("#navigation [aria-current]")).to_be_in_viewport()
    window.get_by_role("button", name="Menu").click()
    expect(window.locator("#navigation")).to_be_hidden()
    window.goto("/admin/")
    expect(window.locator("#navigation")).to_be_hidden()
    expect(window.get_by_role("button", name="Menu")).to_have_attribute("aria-expanded", "false")
