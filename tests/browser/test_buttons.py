"""The buttons that pages offer, pressed in a real browser; the list is the registry's.

`make test` presses one on each kind of page, and one for each question; CI and `make thorough` all.

Each must be on the page of a row that allows it, ask where it has to, and say what it did. There is
no worker here: what is queued stays queued.
"""

import pytest
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Locator, Page, TimeoutError
from pytest_django.fixtures import Settings

from portal.actions.action import Action
from tests import cast
from tests.browser.people import unfold
from tests.portal.admin import ready

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPED = "input[type=text], input[type=number], textarea"
VALUES = {"count": "5", "org_id": cast.EMBER["org_id"]}  # by the name of a field


def page_of(model: type[Model], action: Action, row: Model) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    on_list = not action.of_rows or model._meta.model_name == "switch"
    return reverse(f"{name}_changelist") if on_list else reverse(f"{name}_change", args=[row.pk])


def answer(form: Locator) -> None:
    """Answer a question: tick boxes, and type what is asked for where a field is empty."""
    for box in form.locator("input[type=checkbox]").all():
        box.check()
    for field in form.locator(TYPED).all():
        if not field.input_value():
            label = form.locator(f"label[for={field.get_attribute('id')}]").inner_text()
            wanted = VALUES.get(field.get_attribute("name") or "", "A reason.")
            field.fill(label.partition("type: ")[2].rstrip(":") or wanted)


def appears(part: Locator) -> bool:
    """Wait for a part of the next page; return whether it came."""
    try:
        part.first.wait_for()
    except TimeoutError:
        return False
    return True


def fault(window: Page, action: Action, page: str) -> str:
    """Press one button; return what is wrong with it, or ""."""
    window.goto(page, wait_until="domcontentloaded")
    label = f"{action.label}…" if action.asks else action.label
    button = window.locator(f".do .button:text-is('{label}')").first
    if not button.count():
        return "there is no button"
    if not button.is_visible():
        unfold(window)
    button.click()
    question, result = window.locator("form.confirm"), window.locator(".messagelist")
    if action.asks:
        if not appears(question) or action.explains not in question.inner_text():
            return "it does not ask"
        answer(question)
        question.get_by_role("button", name=action.label).click()
    if not appears(result):
        return "it asks without need" if question.count() else "it shows no result"
    said = result.inner_text()
    return "" if f"“{action.label}” is " in said else f"its result is: {said}"


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.every)])
def test_every_button_asks_where_it_has_to_and_says_what_it_did(
    window: Page, settings: Settings, every: bool
) -> None:
    settings.LIFECYCLE_WEBHOOKS = True  # else there is nothing to resend
    faults = {}
    for model, action in ready.cases(every=True) if every else ready.of_each_kind():
        row = ready.row_for(model, action)
        found = fault(window, action, page_of(model, action, row))
        if found:
            faults[f"{model.__name__}.{action.name}"] = found
    assert faults == {}
