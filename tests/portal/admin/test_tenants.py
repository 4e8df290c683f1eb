"""A tenant's page and list: what is shown, and which parts refresh."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from connect.health import alerts
from connect.models import HealthSample, Incident, Mapping, Stage
from portal.admin.panels import tenant as panel
from tenants import links
from tenants.models import Event, EventKind, Tenant
from tests import cast
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db


def page_of(client: Client, tenant: Tenant) -> str:
    return client.get(walk.page(Tenant, "change", tenant.pk)).content.decode()


def test_the_page_says_what_is_waited_for_and_whose_move_it_is(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    html = " ".join(page_of(viewer, five["borealis"]).split())
    assert "Waiting for the admin to authorize Heroku Connect (subscriber)." in html
    assert "Next check:" in html


def test_the_page_of_a_blocked_tenant_says_why_and_which_request_it_was(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    html = page_of(viewer, five["dune"])
    assert "Heroku could not provision hc-abc123: it is deprovisioned." in html
    assert "6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f" in html


def test_the_page_shows_connection_mappings_mails_and_the_last_fifty_events(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    acme = five["acme"]
    Event.objects.bulk_create(
        Event(tenant=acme, kind=EventKind.WAITING, text=f"Event number {number}.")
        for number in range(51)
    )
    rows.message(acme)
    html = page_of(viewer, acme)
    everything = viewer.get(f"{walk.page(Event, 'changelist')}?tenant__id__exact={acme.pk}")
    assert everything.context["cl"].result_count == 51
    assert f"?tenant__id__exact={acme.pk}" in html
    assert "hc-abc123-00db00000002ndmmam-1" in html
    assert walk.page(Mapping, "change", Mapping.objects.get().pk) in html
    assert "Please sign in" in html
    assert "Event number 50." in html
    assert "Event number 0." not in html


def test_a_tenant_that_started_over_shows_its_newest_connection_and_links_the_earlier(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    first = five["ember"].connections.get()
    Tenant.objects.filter(pk=five["ember"].pk).update(offboarded_at=None)
    second = cast.connect(five["ember"], Stage.LINKING, generation=2, addon_name="hc-second")
    html = page_of(viewer, five["ember"])
    assert "hc-second" in html
    assert walk.page(type(first), "change", first.pk) in html
    assert walk.page(type(second), "change", second.pk) in html


def test_an_off_boarded_tenant_shows_its_end(viewer: Client, five: dict[str, Tenant]) -> None:
    answer = viewer.get(walk.page(Tenant, "change", five["ember"].pk))
    assert [step.label for step in answer.context["steps"]] == ["Off-boarding", "Off-boarded"]
    assert answer.context["buttons"] == []


def test_the_subscribers_link_is_for_those_who_may_send_it(
    viewer: Client, operator: Client, five: dict[str, Tenant]
) -> None:
    path = links.sign_in_url(five["acme"]).rpartition("/")[0]
    assert path not in page_of(viewer, five["acme"])
    assert path in page_of(operator, five["acme"])
    assert path not in page_of(operator, five["ember"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("standing=live", ["acme"]),
        ("standing=waiting_for_proof", ["cirrus"]),
        ("standing=offboarded", ["ember"]),
        ("standing=blocked", ["dune"]),
        ("standing=nonsense", ["acme", "borealis", "cirrus", "dune", "ember"]),
        ("attention=blocked", ["dune"]),
        ("attention=staff", ["cirrus"]),
        ("attention=subscriber", ["borealis"]),
        ("attention=nonsense", ["acme", "borealis", "cirrus", "dune", "ember"]),
        ("environment__exact=sandbox", ["borealis"]),
        ("proof__exact=", ["cirrus"]),
    ],
)
def test_the_list_is_filtered_by_the_address(
    viewer: Client, five: dict[str, Tenant], query: str, names: list[str]
) -> None:
    answer = viewer.get(f"{walk.page(Tenant, 'changelist')}?{query}")
    assert list(answer.context["cl"].result_list) == [five[name] for name in names]


def test_a_tenant_whose_connection_is_not_made_yet_is_new(viewer: Client) -> None:
    cast.enrol(cast.ACME)
    html = viewer.get(walk.page(Tenant, "changelist")).content.decode()
    assert '<span class="badge badge-muted">New</span>' in html


# --- what moves ----------------------------------------------------------------------------------


def live(client: Client, tenant: Tenant, query: str = "") -> str:
    html = client.get(f"{walk.page(Tenant, 'live', tenant.pk)}{query}").content.decode()
    return " ".join(html.split())


def test_the_parts_that_renew_themselves_are_those_of_the_page(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    part = re.compile(r'id="([\w-]+)"[^>]*data-live-part|data-live-part[^>]*id="([\w-]+)"')
    names = part.findall(live(viewer, five["acme"]))
    assert len(names) >= 7
    of_page = part.findall(page_of(viewer, five["acme"]))
    # The number in the menu is renewed by the pages that count it.
    assert [("menu-count-worklist", ""), *names] == of_page


@pytest.mark.parametrize(
    ("name", "every"), [("dune", 2), ("borealis", 2), ("acme", 5), ("ember", 0)]
)
def test_it_looks_often_while_something_moves_and_not_at_all_in_the_end(
    viewer: Client, five: dict[str, Tenant], name: str, every: int
) -> None:
    assert f'data-live-every="{every}"' in page_of(viewer, five[name])
    assert f'data-live-every="{every}"' in live(viewer, five[name])


def test_the_moving_parts_are_for_those_who_may_see_the_page(
    client: Client, viewer: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "live", five["acme"].pk)
    assert client.get(url)["Location"].startswith("/admin/login/")
    assert viewer.post(url).status_code == 405
    assert viewer.get(walk.page(Tenant, "live", 0)).status_code == 404
    assert "authenticate/" not in live(viewer, five["acme"])
    viewer.get("/admin/").context["user"].groups.clear()
    assert viewer.get(url).status_code == 403


def test_the_page_shows_how_long_each_stage_took(viewer: Client, five: dict[str, Tenant]) -> None:
    acme, start = five["acme"], timezone.now() - timedelta(days=1)
    Tenant.objects.filter(pk=acme.pk).update(registered_at=start)
    for stage, seconds in ((Stage.CREATING_ADDON, 5), (Stage.LINKING, 205), (Stage.LIVE, 7405)):
        Event.objects.create(
            tenant=acme,
            kind=EventKind.STAGE,
            text="x",
            at=start + timedelta(seconds=seconds),
            data={"stage": stage},
        )
    html = " ".join(page_of(viewer, acme).split())
    for label, took in (("Proof", "5 s"), ("Add-on", "3 min 20 s"), ("Link", "2 h")):
        step = f'<span class="step-label">{label}</span> <span class="step-state">done, {took}<'
        assert step in html


def test_the_attempt_that_failed_is_one_click_away(viewer: Client, five: dict[str, Tenant]) -> None:
    five["dune"].connections.update(last_error="Heroku could not provision hc-abc123.")
    Event.objects.create(tenant=five["dune"], kind=EventKind.TROUBLE, text="Before.")
    event = Event.objects.create(tenant=five["dune"], kind=EventKind.BLOCKED, text="It is gone.")
    link = f'<a href="{walk.page(Event, "change", event.pk)}">The failed attempt</a>'
    assert link in page_of(viewer, five["dune"])


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ("", ["Pause: accepted.", "Heroku answers 503.", "Live."]),
        ("progress", ["Live."]),
        ("trouble", ["Heroku answers 503."]),
        ("staff", ["Pause: accepted."]),
        ("messages", []),
        ("nonsense", ["Pause: accepted.", "Heroku answers 503.", "Live."]),
    ],
)
def test_the_timeline_is_filtered_by_the_address(
    viewer: Client, five: dict[str, Tenant], wanted: str, texts: list[str]
) -> None:
    for kind, text in (
        (EventKind.LIVE, "Live."),
        (EventKind.TROUBLE, "Heroku answers 503."),
        (EventKind.STAFF_ACTION, "Pause: accepted."),
    ):
        Event.objects.create(tenant=five["acme"], kind=kind, text=text)
    url = walk.page(Tenant, "live", five["acme"].pk)
    found = viewer.get(url, {"timeline": wanted}).context["events"]
    assert [event.text for event in found] == texts


def test_trouble_holds_an_incident_from_its_opening_to_its_end(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    opened_at = timezone.now() - timedelta(hours=1)
    connection = five["acme"].connections.get()
    incident = Incident(
        connection=connection, kind="system_error", status="open", opened_at=opened_at, text="Ill."
    )
    incident.save()
    alerts.notify_opened(incident)
    alerts.notify_needs_person(incident, "Restarted 4 times.")
    incident.closed_at = timezone.now()
    alerts.notify_closed(incident)
    url = walk.page(Tenant, "live", five["acme"].pk)
    found = viewer.get(url, {"timeline": "trouble"}).context["events"]
    begins = ["Recovered: System error", "Needs a person: System error", "System error"]
    assert len(found) == 3
    for event, begin in zip(found, begins, strict=True):
        assert event.text.startswith(begin)


def test_every_kind_of_event_is_behind_a_filter_of_the_timeline() -> None:
    covered = {kind for _, kinds in panel.FILTERS.values() for kind in kinds}
    assert covered == set(EventKind)


def test_a_pause_and_a_snooze_are_shown_with_their_reason(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    later = timezone.now() + timedelta(hours=4)
    five["acme"].connections.update(paused_until=later, pause_note="Their data centre moves.")
    five["dune"].connections.update(snoozed_until=later, snooze_note="Heroku knows.")
    assert "Their data centre moves. The portal will resume it at that time." in " ".join(
        page_of(viewer, five["acme"]).split()
    )
    assert "Heroku knows. No alerts are sent until then." in page_of(viewer, five["dune"])
    five["dune"].connections.update(snooze_note="Heroku knows")  # as people type it
    assert "Heroku knows. No alerts are sent until then." in page_of(viewer, five["dune"])


def test_mails_show_whether_they_were_delivered(viewer: Client, five: dict[str, Tenant]) -> None:
    rows.message(five["acme"])
    five["acme"].messages.update(status="bounced", error="No such mailbox.")
    html = page_of(viewer, five["acme"])
    assert '<span class="badge badge-bad">Bounced</span> No such mailbox.' in html


def test_recent_health_is_shown(viewer: Client, five: dict[str, Tenant]) -> None:
    row = five["acme"].connections.get()
    HealthSample.objects.create(
        connection=row, state="SYSTEM_ERROR", mappings=3, mappings_synced=1, rows_failed=7
    )
    html = page_of(viewer, five["acme"])
    assert '<span class="badge badge-bad">SYSTEM_ERROR</span>' in html
    assert '<td class="number">1 of 3</td><td class="number">7</td>' in html
