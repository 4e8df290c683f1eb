"""Nothing is cut off: long words on a phone, and the ten steps on a laptop."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.utils import timezone
from playwright.sync_api import Page, expect

from connect import addons
from connect.models import (
    Condition,
    Connection,
    Health,
    HealthSample,
    Incident,
    IncidentStatus,
    Rollout,
    WriteError,
)
from portal.actions import action as registry
from social.models import CollectionRun, RunOutcome, Trigger
from tenants.models import SalesforceGrant, Tenant
from tests import standings
from tests.portal.admin import ready, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SMALL_PHONE, TABLET = {"width": 360, "height": 740}, {"width": 1024, "height": 768}
# Texts whose box is wider than the window or hides a part of them. Tables scroll by themselves.
_CUT = """selector => [...document.querySelectorAll(selector)]
    .filter(each => each.offsetParent && !each.closest('.scroll, .visually-hidden'))
    .filter(each => {
        const box = each.getBoundingClientRect();
        const hides = getComputedStyle(each).overflow !== 'visible';
        return box.right > innerWidth + 1 || box.left < -1
            || (hides && each.scrollWidth > each.clientWidth + 1);
    })
    .map(each => each.textContent.trim().slice(0, 60))"""
# Words that are broken over two lines: a range over a word has one line's height if it is whole.
_BROKEN = """() => [...document.querySelectorAll('.stepper span')].flatMap(span =>
    [...span.childNodes].filter(each => each.nodeType === 3).flatMap(text =>
        [...text.data.matchAll(/[\\w-]+/g)].filter(({ 0: word, index }) => {
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            return range.getClientRects().length > 1 && !word.includes('-');
        }).map(found => found[0])))"""


# What has the focus and is wholly in a box that hides a part of its ring.
_CLIPPED = """() => [...document.querySelectorAll('#content *')]
    .filter(each => each.matches('a, button, input, select, textarea'))
    .filter(each => each.checkVisibility() && each.offsetParent)
    .filter(each => {
        each.focus({ preventScroll: true });
        const style = getComputedStyle(each), inner = each.getBoundingClientRect();
        const ring = parseFloat(style.outlineOffset) + parseFloat(style.outlineWidth);
        for (let box = each.parentElement; box.id !== 'content'; box = box.parentElement) {
            const outer = box.getBoundingClientRect();
            const { overflowX, overflowY } = getComputedStyle(box);
            const sides = [
                overflowX !== 'visible' && [inner.left - outer.left, outer.right - inner.right],
                overflowY !== 'visible' && [inner.top - outer.top, outer.bottom - inner.bottom],
            ].filter(Boolean).flat();
            if (Math.min(...sides) >= 0 && Math.min(...sides) < ring - 0.5) return true;
        }
        return false;
    })
    .map(each => each.id || each.textContent.trim())"""


SHOWN = ":is(#content h1, #content a, #content p, .badge):not(details:not([open]) *)"
NAMES = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "شركة الاختبار للخدمات السحابية",
    "🚀🏳️‍🌈👩🏽‍🚒 Rocket 🚀🚀🚀",
)


def test_long_words_names_from_right_to_left_and_emoji_fit_on_a_phone(window: Page) -> None:
    row = ready.row_for(Tenant, registry.of(Tenant)["pause"])
    now = timezone.now()
    Connection.objects.filter(tenant=row.pk).update(
        blocked_at=now, blocked_reason="x" * 200, waiting_on="staff"
    )
    pages = ["/admin/", "/admin/attention/", walk.page(Tenant, "change", row.pk)]
    window.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for name in NAMES:
        Tenant.objects.filter(pk=row.pk).update(name=name)
        for address in pages:
            window.goto(address)
            expect(window.get_by_text(name, exact=True).first).to_be_visible()
            assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert window.evaluate(_CUT, SHOWN) == []


def test_the_form_of_a_roll_out_is_whole_on_a_phone(window: Page) -> None:
    ready.row_for(Tenant, registry.of(Tenant)["pause"])
    window.set_viewport_size(PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(Rollout, "add"))
    expect(window.locator(".help").first).to_be_visible()
    assert window.evaluate(_CUT, ".help, .help *, label, h2, input, select, textarea") == []
    assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    window.keyboard.press("Tab")  # only the keyboard's focus has a ring
    assert window.evaluate(_CLIPPED) == []


@pytest.mark.parametrize("kind", ["unauthorized", "grant_lost"])
def test_the_ten_steps_are_whole_on_a_laptop(window: Page, kind: str) -> None:
    tenant = ready.row_for(Tenant, registry.of(Tenant)["pause"])
    connection = Connection.objects.get(tenant=tenant.pk)
    now = timezone.now()
    Incident.objects.create(
        connection=connection, kind=kind, status=IncidentStatus.OPEN, text="x", opened_at=now
    )
    window.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    window.goto(walk.page(Tenant, "change", tenant.pk))
    expect(window.locator(".stepper li")).to_have_count(10)
    assert window.evaluate(_CUT, ".stepper, .stepper *") == []
    assert window.evaluate(_BROKEN) == []


def test_a_time_that_is_typed_is_the_time_that_is_chosen(window: Page) -> None:
    tenant = ready.row_for(Tenant, registry.of(Tenant)["pause"])
    window.goto(walk.page(Tenant, "act", tenant.pk, "pause_until"))
    later = timezone.now() + timedelta(days=2)
    window.get_by_label("Another time (").fill(f"{later:%Y-%m-%dT%H:%M}")
    expect(window.locator("input[type=radio][value=other]")).to_be_checked()


# Ids and e-mail addresses that are broken within a word; one may break after "@" and ".".
_SPLIT = """() => [...document.querySelectorAll('#result_list :is(.id, .field-org)')].flatMap(
    cell => [...cell.querySelectorAll('*'), cell].flatMap(each => [...each.childNodes])
        .filter(each => each.nodeType === 3 && each.data.trim())
        .filter(each => {
            const range = document.createRange();
            range.selectNodeContents(each);
            return range.getClientRects().length > 1;
        }).map(each => each.data))"""
_WIDTHS = "[document.querySelector('.results').scrollWidth, document.documentElement.scrollWidth]"


def _ill(connection: Connection) -> None:
    """Give a connection a health with a text in each column."""
    ago = timezone.now() - timedelta(minutes=33)
    Health.objects.update_or_create(
        connection=connection,
        defaults={
            "condition": Condition.NEEDS_AUTHORIZATION,
            "since": ago,
            "good_at": ago,
            "uptime_day": 0.854,
            "uptime_week": 0.998,
            "uptime_month": 0.997,
            "rows": 8000,
            "backlog": 1200,
            "backlog_since": ago,
        },
    )
    known = {"state": "IDLE", "condition": Condition.HEALTHY, "seconds": 3600}
    mapped = {"mappings": 3, "mappings_synced": 3, "rows_failed": 0}
    HealthSample.objects.create(connection=connection, at=ago, **known, **mapped)


def test_lists_fit_a_laptop_and_are_cards_on_a_phone(window: Page) -> None:
    tenant = Tenant.objects.get(pk=ready.row_for(Tenant, registry.of(Tenant)["pause"]).pk)
    Tenant.objects.filter(pk=tenant.pk).update(
        name="Acme & Söhne West Handelsgesellschaft mbH & Co. KG",
        admin_email="salesforce.administration@acme-handelsgesellschaft.example",
    )
    connections = Connection.objects.filter(tenant__pk=tenant.pk)
    _ill(connections.get())
    name = addons.name_for(tenant.org_id, 1)
    connections.update(addon_name=name, state="NEED_AUTHENTICATION", seen_at=timezone.now())
    CollectionRun.objects.create(
        trigger=Trigger.SCHEDULE, outcome=RunOutcome.DONE, finished_at=timezone.now()
    )
    window.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    for model in (Tenant, Connection, Health, CollectionRun):
        window.goto(walk.page(model, "changelist"))
        inside = window.locator(".results").evaluate("each => each.clientWidth")
        assert window.evaluate(_WIDTHS) == [inside, LAPTOP["width"]], model
        assert window.evaluate(_SPLIT) == []
    window.set_viewport_size(PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(Tenant, "changelist"))
    window.keyboard.press("Tab")
    assert window.evaluate(_CLIPPED) == []
    card = window.locator("#result_list tbody tr").first
    expect(card).to_have_css("position", "relative")
    assert window.evaluate(_SPLIT) == []
    assert window.evaluate(_CUT, "#result_list td, #result_list th") == []
    assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_has_no_place_to_break_widens_no_list(window: Page) -> None:
    tenant = Tenant.objects.get(pk=ready.row_for(Tenant, registry.of(Tenant)["pause"]).pk)
    domain = "a-very-long-name-of-a-department-of-a-company"
    address = f"salesforce.administration@{domain}.example"
    Tenant.objects.filter(pk=tenant.pk).update(name=NAMES[0], admin_email=address)
    connections = Connection.objects.filter(tenant=tenant)
    name = addons.name_for(tenant.org_id, 1)
    connections.update(addon_name=name, state="NEED_AUTHENTICATION", seen_at=timezone.now())
    Health.objects.get_or_create(connection=connections.get())
    for size in (LAPTOP, PHONE):
        window.set_viewport_size(size)  # type: ignore[arg-type]
        for model in (Tenant, Connection, Health):
            window.goto(walk.page(model, "changelist"))
            inside = window.locator(".results").evaluate("each => each.clientWidth")
            assert window.evaluate(_WIDTHS) == [inside, size["width"]], model


@pytest.mark.parametrize("size", [SMALL_PHONE, TABLET, LAPTOP], ids=["phone", "tablet", "laptop"])
def test_each_menu_of_filters_opens_inside_the_window(window: Page, size: dict[str, int]) -> None:
    ready.row_for(Tenant, registry.of(Tenant)["pause"])
    window.set_viewport_size(size)  # type: ignore[arg-type]
    lists = [walk.page(model, "changelist") for model in (Tenant, Connection, Health, Incident)]
    for address in (*lists, "/admin/attention/"):
        window.goto(address)
        assert window.evaluate("document.documentElement.scrollWidth") <= size["width"], address
        for menu in window.locator("details.filter").all():
            menu.locator("summary").click()
            inner = menu.locator("ul, form").first
            expect(inner).to_be_visible()
            box = inner.bounding_box()
            assert box
            assert box["x"] >= 0, (address, menu.inner_text())
            assert box["x"] + box["width"] <= size["width"], (address, menu.inner_text())
            menu.locator("summary").click()


def test_the_numbers_of_many_pages_fit_on_a_small_phone(
    window: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(CollectionRun), "list_per_page", 1)
    done = {"outcome": RunOutcome.DONE, "finished_at": timezone.now()}
    CollectionRun.objects.bulk_create(
        CollectionRun(trigger=Trigger.SCHEDULE, **done) for _ in range(9)
    )
    window.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(CollectionRun, "changelist"))
    expect(window.locator(".this-page")).to_be_visible()
    assert window.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]


# Parts of an address or of a function's name that stand in two lines.
_PARTED = """() => [...document.querySelectorAll('.whole')]
    .filter(each => each.offsetHeight > 1.9 * parseFloat(getComputedStyle(each).fontSize))
    .map(each => each.textContent)"""


def test_a_card_cuts_no_label_and_breaks_no_address_within_a_word(window: Page) -> None:
    tenant = Tenant.objects.get(pk=ready.row_for(Tenant, registry.of(Tenant)["pause"]).pk)
    _ill(Connection.objects.get(tenant=tenant))
    standings.grant(tenant)
    SalesforceGrant.objects.update(instance_url="https://acme--uat.sandbox.my.salesforce.com")
    window.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(SalesforceGrant, "changelist"))
    expect(window.locator(".field-instance_url .whole")).to_have_count(6)
    assert window.evaluate(_PARTED) == []
    window.goto(walk.page(Health, "changelist"))
    long, short = (
        window.locator(f"td.field-{each}").bounding_box() for each in ("since", "good_at")
    )
    assert long
    assert short
    assert long["height"] > 1.4 * short["height"]  # "In this condition since" takes two lines


def test_the_causes_of_write_errors_are_whole_on_a_phone(window: Page) -> None:
    tenant = Tenant.objects.get(pk=ready.row_for(Tenant, registry.of(Tenant)["pause"]).pk)
    connection = Connection.objects.get(tenant=tenant)
    _ill(connection)
    cause = "FIELD_CUSTOM_VALIDATION_EXCEPTION: other message"
    WriteError.objects.create(
        connection=connection, table_name="tweet__c", cause=cause, failed=1200
    )
    window.set_viewport_size(SMALL_PHONE)  # type: ignore[arg-type]
    window.goto(walk.page(WriteError, "changelist"))
    table = window.locator(".causes table")
    expect(table).to_contain_text(cause)
    expect(table.locator("td.number").first).to_be_visible()
    assert table.evaluate(
        "each => each.parentElement.scrollWidth <= each.parentElement.clientWidth"
    )
    assert window.evaluate("document.documentElement.scrollWidth") <= SMALL_PHONE["width"]
