"""Refreshing a region: nothing that it or one connection answers makes the portal blind."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from connect import tasks
from connect.clients import budget
from connect.health import common, regions
from connect.models import (
    ApiBudget,
    Condition,
    Connection,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
)
from tests.connect.fleet import Fleet, Member
from tests.connect.refreshing import refresh_all

pytestmark = pytest.mark.django_db
LIST = "/connections$"
REFUSALS: list[dict[str, Any]] = [
    {"status": 403},
    {"status": 404},
    {"status": 500},
    {"status": 302, "headers": {"Location": "https://sso.example/"}},
    {"status": 200, "body": {"results": [{"n": 10**30}]}},
    {"status": 200, "body": {"other": []}},
]


def fault(fleet: Fleet, path: str, **what: Any) -> None:
    fleet.running.fail("region", **{"method": "GET", "path": path, "times": 100, **what})


def kinds() -> list[str]:
    return sorted(Incident.objects.values_list("kind", flat=True))


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_refused_list_falls_back_to_details_and_is_an_incident(
    fleet: Fleet, refusal: dict[str, Any]
) -> None:
    fleet.add(), fleet.add()
    fault(fleet, LIST, **refusal)
    assert refresh_all() == 2
    assert set(Health.objects.values_list("condition", flat=True)) == {Condition.HEALTHY}
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert refresh_all() == 2
    opened = Incident.objects.get(status=IncidentStatus.OPEN)
    assert opened.kind == IncidentKind.LIST_REFUSED
    assert "Each connection is read by a call of its own" in opened.text
    fleet.running.clear_faults()
    for minutes in (6, 12):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            refresh_all()
    opened.refresh_from_db()
    assert opened.status == IncidentStatus.CLOSED


@pytest.mark.parametrize("status", [403, 500])
def test_a_region_that_refuses_everything_is_one_incident(fleet: Fleet, status: int) -> None:
    for _ in range(3):
        fleet.add()
    fault(fleet, "/connections", status=status)
    assert refresh_all() == 0
    assert kinds() == [IncidentKind.REGION]
    assert Health.objects.filter(unknown_since__isnull=True).count() == 0


ODD = [
    {"state": "S" * 60},
    {"state": "I\0DLE"},
    {"state": "\ud800"},
    {"api_version": 10**30},
    {"sf_info": {"username": "u" * 400, "organization_id": "x" * 99}},
    {"mappings": [{"id": "m" * 99, "object_name": "Account", "state": "NEW"}]},
    {"mappings": [{"id": "m1", "object_name": "A", "state": "X" * 60, "counts": {"db": 2**70}}]},
    {"mappings": [{"id": "m1", "object_name": "A", "state": "DATA_SYNCED"}] * 2},
    {"mappings": 7},
    {"id": None},
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:40])
def test_one_connection_with_an_odd_answer_does_not_stop_its_region(
    fleet: Fleet, odd: dict[str, Any]
) -> None:
    one, other = fleet.add(), fleet.add()
    fault(fleet, LIST, status=404)
    document = {**_document(fleet, one), **odd}
    fault(fleet, f"/connections/{one.remote.id}", status=200, body=document)
    for minutes in (0, 5, 10):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            began = timezone.now()
            assert refresh_all() >= 1
            assert Connection.objects.filter(pk=other.connection.pk, seen_at__gte=began).exists()
    assert Health.objects.get(pk=other.connection.pk).condition == Condition.HEALTHY


def _document(fleet: Fleet, member: Member) -> dict[str, Any]:
    return {"id": member.remote.id, "state": "IDLE", "schema_name": "s", "mappings": []}


def test_those_that_fail_hold_up_nobody_else(fleet: Fleet) -> None:
    members = [fleet.add() for _ in range(7)]
    fault(fleet, LIST, status=404)
    for member in members[:5]:
        fault(fleet, f"/connections/{member.remote.id}", status=500, times=1000)
    for _ in range(3):
        refresh_all()
    for member in members[5:]:
        assert Health.objects.get(pk=member.connection.pk).condition == Condition.HEALTHY
    assert not Incident.objects.filter(kind=IncidentKind.REGION).exists()


def test_the_last_calls_of_an_hour_are_not_for_connections_one_by_one(fleet: Fleet) -> None:
    broken, well = fleet.add(), fleet.add()
    refresh_all()
    broken.remote.force("SYSTEM_ERROR")
    path = f"/connections/{broken.remote.id}"
    before = fleet.calls("GET", path)
    spent = {"remaining": budget.RESERVE - 1, "seen_at": timezone.now()}
    ApiBudget.objects.update_or_create(peer=budget.key(budget.CONNECT, ""), defaults=spent)
    assert refresh_all() == 1
    assert fleet.calls("GET", path) == before
    ApiBudget.objects.update(remaining=budget.BUDGET)
    assert refresh_all() == 2
    assert Health.objects.get(pk=broken.connection.pk).condition == Condition.BROKEN
    assert Health.objects.get(pk=well.connection.pk).condition == Condition.HEALTHY


def test_a_connection_that_cannot_be_read_for_a_day_is_tried_once_an_hour(fleet: Fleet) -> None:
    gone, _ = fleet.add(), fleet.add()
    path = f"/connections/{gone.remote.id}"
    fault(fleet, path, status=404, times=1000)
    fault(fleet, LIST, status=404, times=1000)
    refresh_all()
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    with time_machine.travel(tomorrow):
        refresh_all()
    before = fleet.calls("GET", path)
    for minutes, calls in ((5, 0), (30, 0), (61, 1)):
        with time_machine.travel(tomorrow + timedelta(minutes=minutes)):
            refresh_all()
            assert fleet.calls("GET", path) - before == calls


def test_live_connections_that_nobody_looks_at_are_one_incident(fleet: Fleet) -> None:
    fleet.add(), fleet.add()
    refresh_all()
    Connection.objects.update(live_at=timezone.now() - timedelta(days=1))
    common.update()
    assert kinds() == []
    later = timezone.now() + timedelta(minutes=36)
    for minutes in (0, 3):
        with time_machine.travel(later + timedelta(minutes=minutes)):
            common.update()
    opened = Incident.objects.get()
    assert (opened.kind, opened.status) == (IncidentKind.STALE, IncidentStatus.OPEN)
    assert opened.text.startswith("2 live connections not looked at since")
    with time_machine.travel(later + timedelta(minutes=5)):
        refresh_all()
    with time_machine.travel(later + timedelta(minutes=10)):
        refresh_all()
    opened.refresh_from_db()
    assert opened.status == IncidentStatus.CLOSED
    assert regions.parts()


def test_a_task_of_a_version_before_host_apps_refreshes_the_region(fleet: Fleet) -> None:
    member = fleet.add()
    assert tasks.refresh_region(member.connection.region_url) == 1
    assert tasks.refresh_region("https://connect-eu.heroku.example") == 0
