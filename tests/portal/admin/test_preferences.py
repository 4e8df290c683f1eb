"""Each member of staff has a time zone: pages are read and forms are filled in it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.models import Connection
from portal.models import BulkRun, Preferences
from portal.preferences.zones import zones
from tenants.models import Tenant

pytestmark = pytest.mark.django_db
PAGE = "/admin/account/preferences/"


@pytest.fixture(autouse=True)
def berlin(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


def choose(client: Client, zone: str, **more: str) -> None:
    answer = client.post(PAGE, {"time_zone": zone, "single_keys": "on", **more})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


def test_the_zone_of_a_person_is_used_on_every_page_and_only_for_that_person(
    operator: Client,
    viewer: Client,
) -> None:
    choose(operator, "Asia/Tokyo")
    assert "All times are Asia/Tokyo." in operator.get("/admin/connect/incident/").text
    assert "All times are Europe/Berlin." in viewer.get("/admin/connect/incident/").text
    assert timezone.get_current_timezone_name() == "Europe/Berlin"
    choose(operator, "")
    assert "All times are Europe/Berlin." in operator.get("/admin/").text


def test_until_tomorrow_at_eight_is_theirs(
    operator: Client,
    five: dict[str, Tenant],
) -> None:
    choose(operator, "Asia/Tokyo")
    press = f"/admin/tenants/tenant/{five['acme'].pk}/do/snooze/"
    assert "Another time (Asia/Tokyo)" in operator.post(press).text
    operator.post(press, {"confirmed": "yes", "span": "morning", "note": "They asked."})
    until = datetime.fromisoformat(BulkRun.objects.get().options["until"])
    assert (until.astimezone(UTC).hour, until.minute) == (23, 0)


def test_a_time_that_is_typed_is_read_in_their_zone(
    operator: Client,
    five: dict[str, Tenant],
) -> None:
    choose(operator, "America/New_York")
    press = f"/admin/tenants/tenant/{five['acme'].pk}/do/snooze/"
    day = timezone.now() + timedelta(days=30)
    morning = day.astimezone(ZoneInfo("America/New_York")).replace(hour=8, minute=0, second=0)
    typed = {"span": "other", "until": f"{morning:%Y-%m-%dT%H:%M}", "note": "x"}
    operator.post(press, {"confirmed": "yes", **typed})
    until = datetime.fromisoformat(BulkRun.objects.get().options["until"])
    assert until == morning.replace(microsecond=0)


def test_a_zone_that_does_not_exist_is_refused_and_a_lost_one_is_the_portals(
    operator: Client,
) -> None:
    for wrong in ("Europe/Nowhere", "../etc", "x" * 500):
        answer = operator.post(PAGE, {"time_zone": wrong})
        assert answer.status_code == 422
        assert "Select a valid choice" in answer.text
    Preferences.objects.create(user=User.objects.get(), time_zone="Mars/Olympus")
    assert "All times are Europe/Berlin." in operator.get("/admin/").text


def test_keys_that_act_alone_can_be_switched_off(operator: Client) -> None:
    assert "data-no-keys" not in operator.get("/admin/").text
    operator.post(PAGE, {"time_zone": ""})
    assert "data-no-keys" in operator.get("/admin/").text


def test_the_preferences_are_for_staff_and_show_what_is_chosen(
    client: Client,
    operator: Client,
) -> None:
    assert client.get(PAGE).status_code == 302
    choose(operator, "Asia/Kolkata")
    html = operator.get(PAGE).text
    assert '<option value="Asia/Kolkata" selected>Kolkata</option>' in html
    assert "The portal&#x27;s: Europe/Berlin" in html


def test_the_choices_are_places_and_utc() -> None:
    names = {name for _, group in zones() for name, _ in group}
    assert {"UTC", "Europe/Berlin", "America/Argentina/Ushuaia"} <= names
    assert not {"EST", "Etc/GMT+5", "posixrules"} & names


def test_two_people_in_two_zones_see_the_same_moment(
    operator: Client,
    viewer: Client,
    five: dict[str, Tenant],
) -> None:
    choose(operator, "Asia/Tokyo")
    link = five["acme"].connections.get()
    Connection.objects.filter(pk=link.pk).update(live_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    page = f"/admin/connect/connection/{link.pk}/change/"
    assert "5 Jan 2026, 21:00:00 JST (12:00:00 UTC)" in operator.get(page).text
    assert "5 Jan 2026, 13:00:00 CET (12:00:00 UTC)" in viewer.get(page).text
