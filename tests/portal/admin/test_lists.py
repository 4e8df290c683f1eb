"""The lists: found by any id, counted by state, drilled down by date."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from connect.models import (
    Connection,
)
from portal.admin.kit import lists
from tenants.models import Callout, Event, EventKind, Message, Tenant
from tests import cast
from tests.portal.admin import rows, strangers, walk

pytestmark = pytest.mark.django_db


def listed(client: Client, model: type[Any], **query: str) -> list[Any]:
    return list(client.get(walk.page(model, "changelist"), query).context["cl"].result_list)


# --- search --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "Söhne",
        "söh west",
        "acme.example",
        "ops@acme",
        "00DB00000002NDm",
        " 00DB00000002NDmMAM ",
        "hc-abc123-00db00000002ndmmam-1",
        "HC-ABC123-00DB",
        "addon-acme",
        "conn-acme",
        "sf_00db00000002ndmmam_1",
        "admin@acme.sandbox",
    ],
)
def test_a_tenant_is_found_by_what_staff_hold(
    viewer: Client, five: dict[str, Tenant], typed: str
) -> None:
    five["acme"].connections.update(
        connection_id="conn-acme", addon_id="addon-acme", salesforce_username="admin@acme.sandbox"
    )
    assert listed(viewer, Tenant, q=typed) == [five["acme"]]


@pytest.mark.parametrize("typed", ["nobody", "00DXX", "%", "& | !", "acme :*", "'"])
def test_what_fits_nothing_finds_nothing_and_breaks_nothing(
    viewer: Client, five: dict[str, Tenant], typed: str
) -> None:
    found = listed(viewer, Tenant, q=typed)
    assert found == ([five["acme"]] if "acme" in typed else [])


def test_what_belongs_to_a_tenant_is_found_by_the_tenant_and_by_its_own_ids(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    mail = rows.message(five["acme"])
    Message.objects.update(provider_id="provider-7")
    rows.message(five["borealis"])
    for typed in ("Acme", "provider-7", "ops@acme.example"):
        assert listed(viewer, Message, q=typed) == [mail]


def test_an_event_is_found_by_its_request_and_by_who_did_it(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    request_id = "6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f"
    trouble = Event.objects.create(
        tenant=five["acme"],
        kind=EventKind.TROUBLE,
        text="Heroku answers 503.",
        data={"request_id": request_id},
    )
    act = Event.objects.create(
        tenant=five["dune"], kind=EventKind.STAFF_ACTION, text="Pause: accepted.", actor="olga"
    )
    assert listed(viewer, Event, q=request_id) == [trouble]
    assert listed(viewer, Event, q="olga") == [act]


def test_a_callout_is_found_by_the_address_that_sent_it(viewer: Client) -> None:
    callout = Callout.objects.create(body=b"{}", remote_address="2001:db8::7", status=401)
    Callout.objects.create(body=b"{}", remote_address="192.0.2.1", status=401)
    assert listed(viewer, Callout, q="2001:db8::7") == [callout]


def test_a_count_of_callouts_says_that_the_other_number_is_the_answer(viewer: Client) -> None:
    Callout.objects.create(body=b"{}", remote_address="192.0.2.1", status=401)
    page = viewer.get(walk.page(Callout, "changelist")).content.decode()
    assert "<strong>1</strong> Answered 401" in page


# --- the order -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", walk.EXPORTED)
def test_at_most_one_column_is_marked_as_sorted_unless_somebody_sorts_by_more(
    viewer: Client, five: dict[str, Tenant], model: type[Model]
) -> None:
    html = viewer.get(walk.page(model, "changelist")).content.decode()
    assert len(re.findall(r'<th scope="col"[^>]*\bsorted\b', html)) <= 1


def test_both_columns_that_somebody_sorts_by_are_marked(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    html = viewer.get(walk.page(Tenant, "changelist"), {"o": "0.-7"}).content.decode()
    assert len(re.findall(r'<th scope="col"[^>]*\bsorted\b', html)) == 2


# --- counts on top -------------------------------------------------------------------------------


def test_each_count_leads_to_the_rows_that_it_counts(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    strangers.make(3)
    for model in walk.EXPORTED:
        url = walk.page(model, "changelist")
        for tally in viewer.get(url).context["tallies"]:
            found = viewer.get(f"{url}{tally.url}").context
            assert found["cl"].result_count == tally.count > 0, (model, tally)
            (current,) = [each for each in found["tallies"] if each.current]
            assert (current.label, current.url) == (tally.label, "?")


def test_a_list_that_only_grows_counts_its_newest_rows(
    viewer: Client, five: dict[str, Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_COUNTED", 2)
    for kind in (EventKind.BLOCKED, EventKind.LIVE, EventKind.LIVE):
        Event.objects.create(tenant=five["acme"], kind=kind, text="x")
    tallies = viewer.get(walk.page(Event, "changelist")).context["tallies"]
    assert [(tally.label, tally.count) for tally in tallies] == [("Live", 2)]


# --- pages ---------------------------------------------------------------------------------------


def test_no_more_is_counted_and_paged_through_than_anybody_would(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers.make(6)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE tenants_tenant")
    monkeypatch.setattr(lists, "MAX_COUNTED", 4)
    answer = viewer.get(walk.page(Tenant, "changelist"))
    html = " ".join(answer.content.decode().split())
    assert answer.context["cl"].result_count == 4
    assert "about 6 tenants; only the first 4 can be shown" in html
    filtered = viewer.get(walk.page(Tenant, "changelist"), {"standing": "broken"})
    text = " ".join(filtered.content.decode().split())
    assert "more than 4 tenants; only the first 4 can be shown" in text


# --- dates ---------------------------------------------------------------------------------------


def at(year: int, month: int, day: int) -> None:
    tenant = Tenant.objects.first() or cast.enrol(cast.ACME)
    moment = datetime(year, month, day, 12, tzinfo=UTC)
    Event.objects.create(tenant=tenant, kind=EventKind.LIVE, text="x", at=moment)


def drilled(given: dict[str, str]) -> dict[str, Any]:
    return lists.dates(lists.ends(Event, "at"), given)


@pytest.mark.parametrize(
    ("given", "back", "titles"),
    [
        ({}, None, ["2025", "2026"]),
        ({"year": "2026"}, "All dates", ["January 2026", "February 2026"]),
        ({"year": "2026", "month": "2"}, "2026", ["February 1", "February 2"]),
        ({"year": "2026", "month": "2", "day": "1"}, "February 2026", ["February 1"]),
        ({"year": "2025"}, "All dates", ["November 2025", "December 2025"]),
    ],
)
def test_dates_are_drilled_down_a_level_at_a_time(
    given: dict[str, str], back: str | None, titles: list[str]
) -> None:
    at(2025, 11, 30)
    at(2026, 2, 2)
    level = drilled(given)
    assert (level["back"] or {"title": None})["title"] == back
    assert [choice["title"] for choice in level["choices"]] == titles


def test_a_short_history_begins_at_the_level_that_differs() -> None:
    assert drilled({})["choices"] == []
    at(2026, 2, 1)
    at(2026, 2, 3)
    titles = [choice["title"] for choice in drilled({})["choices"]]
    assert titles == ["February 1", "February 2", "February 3"]


def test_a_date_in_the_address_keeps_the_other_filters(viewer: Client) -> None:
    at(2025, 11, 30)
    at(2026, 2, 2)
    page = viewer.get(walk.page(Event, "changelist"), {"kind__exact": "live", "at__year": "2026"})
    assert page.context["cl"].result_count == 1
    assert "?at__month=2&amp;at__year=2026&amp;kind__exact=live" in page.content.decode()


# --- put off -------------------------------------------------------------------------------------


def test_what_is_put_off_is_shown_and_found(viewer: Client, five: dict[str, Tenant]) -> None:
    later = timezone.now() + timedelta(days=1)
    five["acme"].connections.update(paused_until=later, pause_note="Move")
    five["dune"].connections.update(snoozed_until=later)
    html = viewer.get(walk.page(Tenant, "changelist")).content.decode()
    assert f"Paused until {later:%-d %b %Y, %H:%M} UTC" in html
    assert f"Snoozed until {later:%-d %b %H:%M}" in html
    paused, snoozed = (listed(viewer, Connection, put_off=each) for each in ("paused", "snoozed"))
    assert [row.tenant for row in paused] == [five["acme"]]
    assert [row.tenant for row in snoozed] == [five["dune"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tenants/tenant/", "when its package sends a callout"),
        ("connect/rollout/", "a canary group first, then waves"),
        ("connect/incident/", "What lasts is noted here"),
        ("tenants/tenant/?q=nobody", "match the search and the filters"),
    ],
)
def test_an_empty_list_says_what_to_do(manager: Client, address: str, words: str) -> None:
    assert words in manager.get(f"/admin/{address}").content.decode()
