"""How long ago, with the exact time beside it: one rule for pages, lists and the script."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from connect.models import Connection
from portal import moments
from tenants.models import Tenant

NOW = datetime(2026, 11, 27, 0, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 seconds ago"),
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(minutes=5), "in 5 minutes"),
    ],
)
def test_a_moment_is_said_in_its_largest_unit(span: timedelta, said: str) -> None:
    assert moments.relative(NOW - span, NOW) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "27 Nov 2026, 00:14:05 UTC"),
        ("Europe/London", "27 Nov 2026, 00:14:05 GMT"),
        ("Europe/Berlin", "27 Nov 2026, 01:14:05 CET (00:14:05 UTC)"),
        ("America/New_York", "26 Nov 2026, 19:14:05 EST (27 Nov 00:14:05 UTC)"),
    ],
)
def test_the_exact_time_is_the_readers_and_in_utc_where_that_differs(zone: str, said: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert moments.exact(NOW) == said


def test_only_a_time_that_stands_alone_is_a_tab_stop() -> None:
    assert "tabindex" not in moments.element(NOW)
    assert 'tabindex="0"' in moments.element(NOW, alone=True)
    assert moments.element(None) == "-"


def test_what_is_due_is_never_said_to_be_past() -> None:
    past, coming = timezone.now() - timedelta(seconds=3), timezone.now() + timedelta(hours=2.5)
    assert ">now<" in moments.element(past, "due")
    assert ">in 2 hours<" in moments.element(coming, "due")


def test_the_script_has_the_same_units() -> None:
    script = (settings.BASE_DIR / "portal/static/portal/moments.js").read_text()
    units = re.findall(r'\["(\w+)", ([\d_ *]+)\]', script)
    seconds = {name: eval(size.replace("_", "")) for name, size in units}  # noqa: S307
    assert seconds == dict((*moments._UNITS, *moments._SMALL))


@pytest.mark.django_db
def test_lists_and_pages_say_how_long_ago(
    viewer: Client,
    five: dict[str, Tenant],
) -> None:
    Connection.objects.update(stage_since=timezone.now() - timedelta(hours=3, minutes=5))
    link = five["acme"].connections.get()
    page = viewer.get(f"/admin/connect/connection/{link.pk}/change/").text
    assert re.search(r">3 hours ago</time> <span class=\"when\">\d+ \w+ \d{4}, [\d:]+ UTC<", page)
    events = viewer.get("/admin/connect/connection/").text
    assert re.search(
        r'<time class="moment" datetime="[^"]+" data-form="ago" title="\d+ \w+', events
    )
