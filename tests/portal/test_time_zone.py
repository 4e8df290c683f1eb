"""Staff read and enter times in their zone, also in the nights in which the clocks are changed."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from connect.formats import format_time
from portal.actions.forms import UntilForm, moment
from portal.project import door_rules, environment


@pytest.fixture(autouse=True)
def berlin(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (utc(2026, 1, 5, 12), "5 Jan 2026, 13:00 CET"),
        (utc(2026, 7, 5, 12), "5 Jul 2026, 14:00 CEST"),
        # This hour comes twice.
        (utc(2026, 10, 25, 0, 30), "25 Oct 2026, 02:30 CEST"),
        (utc(2026, 10, 25, 1, 30), "25 Oct 2026, 02:30 CET"),
    ],
)
def test_a_time_is_written_in_the_zone_of_staff(at: datetime, said: str) -> None:
    assert format_time(at) == said


@pytest.mark.parametrize(
    ("span", "now", "until"),
    [
        ("morning", utc(2026, 10, 24, 12), utc(2026, 10, 25, 7)),
        ("morning", utc(2026, 3, 28, 12), utc(2026, 3, 29, 6)),
        # In Berlin it is Monday already.
        ("morning", utc(2026, 11, 22, 23, 30), utc(2026, 11, 24, 7)),
        ("monday", utc(2026, 11, 22, 23, 30), utc(2026, 11, 30, 7)),
        ("4", utc(2026, 10, 24, 23), utc(2026, 10, 25, 3)),
    ],
)
def test_until_the_morning_is_by_the_clock_on_the_wall(
    span: str, now: datetime, until: datetime
) -> None:
    assert moment(span, None, now) == until


def filled(until: str) -> UntilForm:
    return UntilForm({"span": "other", "until": until, "note": "A test"}, targets=[])


@pytest.mark.parametrize("until", ["2027-03-28T02:30", "2027-10-31T02:30"])
def test_an_hour_that_is_not_there_or_comes_twice_is_refused(until: str) -> None:
    form = filled(until)
    assert "couldn’t be interpreted in time zone Europe/Berlin" in str(form.errors["until"])


def test_a_time_is_read_in_the_zone_of_staff() -> None:
    form = filled("2027-07-01T08:00")
    assert form.is_valid()
    assert datetime.fromisoformat(form.options()["until"]) == utc(2027, 7, 1, 6)


@pytest.mark.django_db
def test_each_page_of_staff_names_the_zone() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert "All times are Europe/Berlin." in client.get("/admin/connect/incident/").text


def test_a_zone_that_does_not_exist_is_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Europe/Nowhere", "../etc", ""):
        monkeypatch.setenv("STAFF_TIME_ZONE", name)
        monkeypatch.setattr(environment, "NOT_ZONES", [])
        assert environment.zone("STAFF_TIME_ZONE") == "UTC"
        settings.NOT_ZONES = environment.NOT_ZONES
        (line,) = door_rules.time_zone()
        assert line.startswith("STAFF_TIME_ZONE is not the name of a time zone")
