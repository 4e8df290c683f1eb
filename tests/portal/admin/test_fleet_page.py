"""The fleet over time: charts of what was recorded, each with its words, or a line without data."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connect.clients import budget
from connect.health import fleet
from connect.models import ApiBudget, BudgetHour, Connection, FleetCondition
from portal import roles
from portal.dashboard.fleet import budget_hours, conditions, time_to_live
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import rows, strangers
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/admin/fleet/"


def record(hours_ago: int, broken: int, paused: int = 0) -> None:
    at = fleet.quarter(timezone.now() - timedelta(hours=hours_ago))
    for condition, number in (("healthy", 90), ("broken", broken), ("paused", paused)):
        FleetCondition.objects.create(at=at, condition=condition, connections=number)


def test_each_step_shows_its_worst_moment_whole() -> None:
    record(50, broken=3, paused=4)
    record(49, broken=8)
    record(2, broken=1)
    shown = conditions.read(timezone.now())
    layers = {layer.label: layer.last for layer in shown["chart"].layers}
    assert (layers["Broken"], layers["Paused"], shown["chart"].top) == (1, 0, 10)
    assert shown["said"].startswith("At most 8 connections at once, on ")
    assert shown["said"].endswith("; at most 1 in the last hours.")
    steps = [values for _, values in shown["chart"].rows]
    assert len(steps) <= 12


def test_the_time_to_live_is_by_the_week_of_going_live() -> None:
    now = timezone.now()
    for hours, who, days in ((2, cast.ACME, 0), (6, cast.BOREALIS, 0), (9, cast.CIRRUS, 7)):
        live_at = now - timedelta(days=days)
        tenant = cast.enrol(who, at=live_at - timedelta(hours=hours))
        rows.connection(tenant, live_at=live_at)
    shown = time_to_live.read(now)
    median, late = shown["chart"].layers
    assert (shown["chart"].unit, median.last) == ("hours", 4)
    assert late.last == pytest.approx(1.8)
    assert shown["chart"].rows[0][1] == ["4 h", "5 h 48 min"]
    assert "2 tenants went live in the week from " in shown["said"]
    assert ", half of them within 4 h and 95 % within 5 h 48 min." in shown["said"]
    assert shown["said"].endswith(": 9 h.")


def test_the_fewest_calls_of_an_hour_are_kept_and_shown() -> None:
    now = timezone.now()
    for remaining in (3000, 700, 2000):
        for peer, more in (("heroku", 500), ("connect:eu", 0)):
            ApiBudget.objects.update_or_create(
                peer=peer, defaults={"remaining": remaining + more, "seen_at": now}
            )
        budget.note_hour(now)
    assert set(BudgetHour.objects.values_list("peer", "fewest")) == {
        ("heroku", 1200),
        ("connect:eu", 700),
    }
    shown = budget_hours.read(now)
    enough, low = shown["chart"].layers
    assert (enough.last, low.last) == (0, 700)
    assert shown["said"].startswith(
        "At the least 700 calls of 4,500 were left: Heroku Connect (account eu), "
    )
    assert shown["chart"].rows[0][1] == [None, "700, Heroku Connect (account eu)"]


def test_old_hours_are_deleted() -> None:
    now = timezone.now()
    for days in (1, 31):
        BudgetHour.objects.create(peer="heroku", hour=now - timedelta(days=days), fewest=1)
    assert budget.prune() == 1


def test_a_chart_without_data_says_so_in_a_line(viewer: Client) -> None:
    html = viewer.get(PAGE).content.decode()
    assert html.count("No chart yet: ") == 3
    assert "No failed writes" in html
    assert "<figure" not in html


def test_the_page_costs_the_same_however_many_tenants_there_are(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    counts = []
    viewer.get(PAGE)  # the first request of a session writes its row
    for start in (1, 11):
        strangers.make(10, start=start)
        Connection.objects.update(live_at=timezone.now())
        record(20 + start, 3)
        record(1, 1) if start == 1 else None
        with CaptureQueriesContext(connection) as queries:
            html = viewer.get(PAGE).content.decode()
        counts.append(len(queries))
    # Session and user, the menu; one for all charts.
    assert counts == [4, 4]
    assert html.count("<figure") == 2
    assert "style=" not in html.partition('id="content-main"')[2]


def test_each_chart_is_for_those_who_may_see_its_rows(sign_in: SignIn, client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    few = sign_in(roles.VIEWER)
    role = Group.objects.get(name=roles.VIEWER)
    role.permissions.remove(role.permissions.get(codename="view_writeerror"))
    html = few.get(PAGE).content.decode()
    assert "Heroku calls left" in html
    assert "Write errors by cause" not in html
    role.permissions.clear()
    assert few.get(PAGE).status_code == 403
    assert few.post(PAGE).status_code == 405
