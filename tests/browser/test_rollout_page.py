"""A roll-out's page and its form: what matters is in view at every width."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from connect.models import Connection, Rollout, RolloutItem, RolloutItemStatus, RolloutStatus, Tag
from connect.rollouts import creating
from tests import cast
from tests.browser.test_walk import axe, complaints
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.portal.admin import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["axe"]  # a fixture
HEIGHT = 800
WIDTHS = (390, 1024, 1280, 1920)
ERROR = {
    "severity": "error",
    "where": "Account.Segment__c",
    "text": "The org does not have this field.",
    "advice": "Make the field first.",
    "rule": "missing-field",
}
WARNING = {
    "severity": "warning",
    "where": "Account",
    "text": "It writes without an identifier, so a repeated write makes a second record.",
    "rule": "no-identifier",
}


@pytest.fixture(autouse=True)
def carries_axe(window: Page, axe: str) -> None:
    window.emulate_media(reduced_motion="reduce")
    if axe:
        window.context.add_init_script(axe)


@pytest.fixture
def fleet(transactional_db: None, emulator: Any) -> Fleet:
    fleet = Fleet(emulator, fleets.version(fleets.FIRST))
    for who in (cast.ACME, None, None, None):
        fleet.add(who)
    return fleet


@pytest.fixture
def rollout(fleet: Fleet) -> Rollout:
    """It runs; of its four tenants one is done, one failed, one is refused and one is ready."""
    second = fleets.version(fleets.SECOND)
    made = Rollout(template=second, author="mia", canary_size=1, wave_size=2)
    creating.create(made, Connection.objects.all())
    Rollout.objects.update(status=RolloutStatus.RUNNING)
    states: list[dict[str, Any]] = [
        {"status": RolloutItemStatus.DONE},
        {"status": RolloutItemStatus.REFUSED, "findings": [WARNING, ERROR]},
        {"status": RolloutItemStatus.FAILED, "last_error": "Heroku Connect answers 503 for hours"},
        {"status": RolloutItemStatus.READY, "findings": [WARNING]},
    ]
    for item, facts in zip(made.items.order_by("wave", "pk"), states, strict=True):
        RolloutItem.objects.filter(pk=item.pk).update(**facts)
    return made


def in_view(window: Page, width: int) -> None:
    window.set_viewport_size({"width": width, "height": HEIGHT})
    rows = window.locator("table.stacks tbody tr")
    for cell in rows.locator(".badge, .why").all():
        box = cell.bounding_box()
        # A tenant without a reason has no box for it on a phone.
        if box is not None:
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    assert window.evaluate("document.documentElement.scrollWidth") <= width


def test_state_and_reason_of_each_tenant_are_in_view(
    window: Page, axe: str, rollout: Rollout
) -> None:
    window.goto(walk.page(Rollout, "change", rollout.pk))
    rows = window.locator("table.stacks tbody tr")
    expect(rows).to_have_count(4)
    for width in WIDTHS:
        in_view(window, width)
    expect(rows.first).to_contain_text("Heroku Connect answers 503 for hours.")
    refused = rows.nth(1).locator(".why")
    expect(refused).to_contain_text("Account.Segment__c: The org does not have this field.")
    expect(refused.get_by_text(WARNING["text"])).to_be_hidden()
    refused.get_by_text("1 warning").click()
    expect(refused.get_by_text(WARNING["text"])).to_be_visible()
    assert complaints(window, axe, whole=True) == {}


def test_the_preview_takes_the_focus_and_a_second_button_makes_the_roll_out(
    window: Page, axe: str, fleet: Fleet
) -> None:
    fleets.version(fleets.SECOND)
    Tag.objects.create(name="pilot").tenants.add(fleet.members[0].tenant)
    window.goto(walk.page(Rollout, "add"))
    window.get_by_label("Version:", exact=True).select_option(index=1)
    window.get_by_label("Canary tenants with this tag first").select_option("pilot")
    window.get_by_label("Canary tenants:", exact=True).fill("1")
    window.get_by_role("button", name="Preview").click()
    preview = window.locator(".preview")
    expect(preview).to_be_focused()
    expect(preview).to_contain_text("It fits 4 tenants. Nothing is made yet.")
    for width in WIDTHS:
        in_view(window, width)
    assert complaints(window, axe, whole=True) == {}
    window.get_by_role("button", name="Create roll-out").click()
    expect(window.locator(".messagelist")).to_contain_text("was added")
    assert RolloutItem.objects.filter(wave=0).get().connection == fleet.members[0].connection
