"""What a clock that was wrong has left behind: marks of the future count for nothing."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

import emulator as emulated
from connect import sweeps as connect_sweeps
from connect import tasks
from connect.clients import budget
from connect.health import common, healing
from connect.inventory import compare
from connect.models import (
    ApiBudget,
    Connection,
    Health,
    Incident,
    IncidentKind,
    Reconciliation,
    Stage,
)
from connect.provisioning import reminders
from connect.runner import lease, retry
from portal import bulk
from portal import tasks as portal_tasks
from portal.models import Heartbeat
from portal.project import probes, schedules, waiting
from tenants import limits, queue, sending, sweeps
from tenants.http.errors import MAX_RETRY_AFTER
from tenants.models import Proof, RateBucket
from tests import cast
from tests.connect.journey import Journey
from tests.journeys.test_time import WEEK, scheduled

pytestmark = pytest.mark.django_db


def connection(**facts: Any) -> Connection:
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING, **facts)


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), WEEK, timedelta(days=3650)])
def test_a_lease_and_a_mark_of_the_future_hold_nobody_up(ahead: timedelta) -> None:
    later = timezone.now() + ahead
    row = connection(lease=uuid4(), lease_expires_at=later, queued_at=later)
    assert connect_sweeps.queue_connections(sweeps.REQUEUE_AFTER) == 1
    assert lease.take(row.pk) is not None


def test_a_dyno_whose_clock_is_some_seconds_ahead_keeps_its_lease() -> None:
    row = connection()
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        assert lease.take(row.pk) is not None
    assert lease.take(row.pk, due=False) is None
    assert connect_sweeps.queue_connections(sweeps.REQUEUE_AFTER) == 0


def test_a_heartbeat_of_the_future_is_none() -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="host:1", beat_at=now + WEEK)
    assert probes.heartbeat_age() is None
    Heartbeat.objects.create(worker="host:2", beat_at=now)
    for off in (-timedelta(hours=1), timedelta(), timedelta(hours=1)):
        with time_machine.travel(now + off):
            age = probes.heartbeat_age()
            assert age is not None
            assert timedelta() <= age < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_a_schedule_that_a_wrong_clock_has_put_off_runs_again() -> None:
    schedules.ensure()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        scheduled()
    assert scheduled() == {}
    # Ten years are the same for the portal. django-q takes minutes to count them.
    for ahead in (timedelta(), timedelta(days=3650)):
        Schedule.objects.update(next_run=F("next_run") + ahead)
        assert schedules.bring_back() == len(schedules.SCHEDULES)
        assert scheduled() == dict.fromkeys(schedules.SCHEDULES, 1)
        Schedule.objects.update(next_run=timezone.now() + timedelta(days=2))


@pytest.mark.parametrize("ahead", [timedelta(days=5), timedelta(days=3650)])
def test_a_tenant_that_a_wrong_clock_has_put_off_goes_on(ahead: timedelta) -> None:
    row = connection(next_attempt_at=timezone.now() + ahead)
    assert tasks.ensure_connections() == portal_tasks.bring_back() - 1
    assert lease.take(row.pk) is not None


def test_a_pause_of_staff_is_not_cut_short() -> None:
    later = timezone.now() + timedelta(days=90)
    row = cast.connect(
        cast.enrol(cast.ACME),
        Stage.LIVE,
        paused_until=later,
        next_attempt_at=later,
        organization_id=cast.ACME["org_id"],
    )
    assert portal_tasks.bring_back() == 0
    row.refresh_from_db()
    assert row.next_attempt_at == later


def test_no_pause_of_the_portal_is_longer_than_what_counts_as_put_off() -> None:
    schedules_of_attempts = [
        sending.SCHEDULE,
        *(each.schedule for each in healing.REMEDIES.values()),
    ]
    longest = max(max(each.pauses) for each in schedules_of_attempts)
    pauses = [longest, MAX_RETRY_AFTER, retry.MAX_PAUSE, bulk.APPROVAL_TIME, reminders.REMINDERS[0]]
    assert max(pauses) < sweeps.MAX_PAUSE


def test_an_empty_bucket_of_the_future_refuses_nobody() -> None:
    now = timezone.now()
    RateBucket.objects.create(key="total", tokens=0, filled_at=now + WEEK)
    assert limits.take("total", 60, now) == 0


def test_a_used_up_budget_of_the_future_stops_no_work() -> None:
    ApiBudget.objects.create(peer="heroku", remaining=3, seen_at=timezone.now() + WEEK)
    assert budget.allows_background_work()


def test_a_comparison_of_the_future_does_not_stand_for_todays(
    emulator: emulated.Running,
) -> None:
    Reconciliation.objects.create(actor="portal", ended_at=timezone.now() + WEEK)
    assert compare.compare_due() == 1


def test_a_look_of_the_future_is_alerted_and_the_next_look_counts(
    emulator: emulated.Running,
) -> None:
    live = Journey(emulator, cast.ACME, Proof.SIGNED).reach(Stage.LIVE)
    tasks.refresh_connection(live.pk)
    Connection.objects.update(live_at=timezone.now() - WEEK)
    Health.objects.update(sampled_at=timezone.now() + WEEK)
    common.update()
    assert Incident.objects.get().kind == IncidentKind.STALE
    tasks.refresh_connection(live.pk)
    assert Health.objects.get().sampled_at < timezone.now() + sweeps.MAX_SKEW  # type: ignore[operator]


def test_a_session_of_the_future_has_ended(client: Client) -> None:
    page, staff = "/admin/connect/incident/", User.objects.create_superuser("root")
    with time_machine.travel(timezone.now() + WEEK):
        client.force_login(staff)
        assert client.get(page).status_code == 200
    assert client.get(page).status_code == 302


def test_how_long_a_task_has_waited_is_measured_by_the_clock_of_the_database() -> None:
    queue.enqueue(sending.send, 7)
    for off in (-timedelta(hours=1), timedelta(), timedelta(hours=1)):
        with time_machine.travel(timezone.now() + off):
            age = waiting.age(timezone.now())
            assert age is not None
            assert timedelta() <= age < timedelta(minutes=1)
