"""A field reaches the tenants from the editor to the roll-back, in a real browser."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from connect.models import MappingTemplate, Rollout, RolloutItem
from connect.rollouts import due, items
from tests import cast
from tests.browser.people import unfold
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import pass_time
from tests.portal.admin import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
ROUNDS = 14
# How much of the list of fields lies outside its panel, in pixels.
HIDDEN_COLUMNS = """(() => {
  const table = document.querySelector(".fields");
  return table.scrollWidth - table.parentElement.clientWidth;
})()"""


@pytest.fixture
def fleet(transactional_db: None, emulator: Any) -> Fleet:
    """Two tenants whose orgs have the field Segment__c, and one whose org lacks it."""
    made = Fleet(emulator, fleets.version(fleets.FIRST))
    made.add(cast.ACME)
    made.add()
    made.add(cast.BOREALIS, lacks_segment=True)
    return made


def work(fleet: Fleet) -> None:
    """Do what the worker would."""
    for _ in range(ROUNDS):
        for item_id in due.mark_queued(timedelta(0)):
            items.advance(item_id)
        pass_time(fleet, 30)


def fits(window: Page, size: Any) -> None:
    window.set_viewport_size(size)
    assert window.evaluate("document.documentElement.scrollWidth") <= size["width"]


def press(window: Page, label: str) -> None:
    """Press a button that asks first, and answer its question."""
    unfold(window)
    window.locator("form.do").get_by_role("link", name=f"{label}…").click()
    window.locator("form.confirm").get_by_role("button", name=label).click()


def test_a_field_is_added_compared_rolled_out_refused_in_one_org_and_rolled_back(
    window: Page, fleet: Fleet
) -> None:
    add_the_field(window)
    made = MappingTemplate.objects.get(version=2)
    assert "Segment__c" in made.document["mappings"][0]["config"]["fields"]
    roll_out(window, fleet)
    roll_back(window, fleet)


def add_the_field(window: Page) -> None:
    window.goto(walk.page(MappingTemplate, "changelist"))
    window.get_by_role("link", name="Edit", exact=True).click()
    window.get_by_label("Fields of the org").fill(cast.ACME["org_id"])
    window.get_by_role("button", name="Open").click()
    for size in (PHONE, LAPTOP):
        fits(window, size)
    assert window.evaluate(HIDDEN_COLUMNS) <= 0
    # By the keyboard: search, then the arrow keys, then the space bar.
    search = window.get_by_label("Find a field")
    search.fill("segment")
    expect(window.get_by_text("1 of ")).to_be_visible()
    expect(window.get_by_label("Phone", exact=True)).to_be_hidden()
    box = window.get_by_label("Segment__c", exact=True)
    search.press("ArrowDown")
    expect(box).to_be_focused()
    box.press("ArrowUp")
    expect(search).to_be_focused()
    search.press("ArrowDown")
    window.keyboard.press("Space")
    expect(box).to_be_checked()
    window.get_by_role("button", name="Compare").click()
    # The page comes back where the result is, and the Tab key goes on from there.
    expect(window.get_by_role("heading", name="The next version")).to_be_in_viewport()
    window.keyboard.press("Tab")
    expect(window.get_by_role("button", name="Compare")).to_be_focused()
    expect(window.locator(".comparison")).to_contain_text("Segment__c")
    expect(window.locator(".comparison")).to_contain_text("A new column is filled by reading")
    window.get_by_label("Notes").fill("Segments too.")
    window.get_by_role("button", name="Make the next version").click()
    expect(window.locator(".messagelist")).to_contain_text("Version 2 is made.")


def roll_out(window: Page, fleet: Fleet) -> None:
    window.get_by_role("link", name="Roll out…").click()
    window.locator("#id_canary_size").fill("2")
    window.get_by_role("button", name="Create roll-out").click()
    work(fleet)
    window.reload()  # its own page followed the form
    row = window.locator("tr", has_text=cast.BOREALIS["name"])
    expect(row).to_contain_text("Refused by the check")
    expect(row).to_contain_text("Account.Segment__c: The org does not have this field.")
    press(window, "Start")
    work(fleet)
    window.reload()
    expect(window.locator(".notice h2").first).to_contain_text("Ended, not all done")
    mapped = ["Segment__c" in fleet.mapped(each)["Account"] for each in fleet.members]
    assert mapped == [True, True, False]
    # Which tenants are in the canary group is chosen by chance.
    assert sorted(RolloutItem.objects.values_list("wave", flat=True)) == [0, 0, 1]
    assert RolloutItem.objects.filter(status="done").count() == 2


def roll_back(window: Page, fleet: Fleet) -> None:
    press(window, "Roll back")
    work(fleet)
    back = Rollout.objects.latest("pk")
    window.goto(walk.page(Rollout, "change", back.pk))
    expect(window.locator(".notice h2").first).to_contain_text("Done")
    mapped = ["Segment__c" in fleet.mapped(each)["Account"] for each in fleet.members]
    assert mapped == [False, False, False]
