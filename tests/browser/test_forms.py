"""Forms that come back, in a real browser: what is wrong is in view, and nothing typed is lost."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from connect.models import MappingTemplate
from tests.browser import people
from tests.connect import fleet as fleets
from tests.portal.admin import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOTES = "Phones too."


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A file whose mappings can be saved after a look at their warnings."""
    document = fleets.document(Account=fleets.config("Phone", access="read_write"))
    file = tmp_path / "export.json"
    file.write_text(json.dumps(document, indent=2))
    return file


def begin(window: Page, export: Path) -> None:
    window.goto(walk.page(MappingTemplate, "add"))
    window.get_by_label("Notes").fill(NOTES)
    window.get_by_label("Export file").set_input_files(export)
    window.wait_for_function("document.querySelector('[type=file]').files[0].text()")


def test_what_is_wrong_has_the_focus_and_leads_to_its_field(window: Page, export: Path) -> None:
    begin(window, export)
    window.get_by_role("button", name="Save", exact=True).click()
    faults = window.locator(".error-summary")
    expect(faults).to_be_focused()
    expect(faults).to_be_in_viewport()
    expect(faults).to_contain_text("no-identifier")
    expect(window.get_by_label("Notes")).to_have_value(NOTES)
    expect(window.locator("#id_document")).to_have_value(export.read_text())

    faults.get_by_role("link", name="Save despite warnings").first.click()
    box = window.get_by_label("Save despite warnings")
    expect(box).to_be_focused()
    box.check()
    window.get_by_role("button", name="Save", exact=True).click()
    expect(window.locator(".messagelist")).to_contain_text("added successfully")
    made = MappingTemplate.objects.get()
    assert made.document == json.loads(export.read_text())
    assert (made.notes, made.made_from) == (NOTES, "the file export.json")


def test_what_was_typed_outlives_a_log_in_in_between(window: Page, export: Path) -> None:
    begin(window, export)
    window.context.clear_cookies(name="sessionid")
    window.get_by_role("button", name="Save", exact=True).click()
    window.get_by_label("Username").fill("root")
    window.get_by_label("Password").fill(people.PASSWORD)
    window.get_by_role("button", name="Log in", exact=True).click()

    expect(window.get_by_role("status")).to_contain_text("It is not saved or done yet.")
    expect(window.get_by_label("Notes")).to_have_value(NOTES)
    window.get_by_label("Save despite warnings").check()
    window.get_by_role("button", name="Save", exact=True).click()
    expect(window.locator(".messagelist")).to_contain_text("added successfully")
    assert MappingTemplate.objects.get().made_from == "the file export.json"
    window.goto(walk.page(MappingTemplate, "add"))
    expect(window.get_by_label("Notes")).to_have_value("")


def test_who_logs_out_leaves_nothing_that_was_typed(window: Page, export: Path) -> None:
    begin(window, export)
    window.get_by_role("button", name="Save", exact=True).click()
    expect(window.locator(".error-summary")).to_be_focused()
    window.evaluate("sessionStorage.setItem('typed', 'what was typed')")
    window.get_by_role("button", name="Log out").click()
    expect(window.get_by_role("button", name="Log out")).to_have_count(0)
    assert window.evaluate("sessionStorage.getItem('typed')") is None


def test_a_file_that_cannot_be_kept_is_asked_for_again(window: Page, tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    file.write_text(json.dumps({"mappings": [], "padding": "x" * 2_100_000}))
    window.goto(walk.page(MappingTemplate, "add"))
    window.get_by_label("Notes").fill(NOTES)
    window.get_by_label("Export file").set_input_files(file)
    window.context.clear_cookies(name="sessionid")
    window.get_by_role("button", name="Save", exact=True).click()
    window.get_by_label("Username").fill("root")
    window.get_by_label("Password").fill(people.PASSWORD)
    window.get_by_role("button", name="Log in", exact=True).click()
    expect(window.get_by_role("status")).to_contain_text("Choose the file large.json again.")
    expect(window.get_by_label("Notes")).to_have_value(NOTES)
