"""Clocks that were wrong, and a worker that slept for a week: nothing waits for ever."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

import emulator as emulated
from connect import sweeps as connect_sweeps
from connect import tasks
from connect.models import Connection, Incident, IncidentStatus, Stage
from connect.runner import lease
from portal.models import Heartbeat
from portal.project import probes
from tenants import sweeps
from tenants.models import Message, MessageKind, Proof
from tests import cast, queue
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


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
    assert probes.heartbeat_age(now) is None
    Heartbeat.objects.create(worker="host:2", beat_at=now)
    assert probes.heartbeat_age(now) == timedelta()


STAGES = [
    Stage.WAITING_FOR_CONSENT,
    Stage.WAITING_FOR_AUTHORIZATION,
    Stage.IMPORTING_MAPPINGS,
    Stage.LOADING,
]


@pytest.mark.parametrize("stage", STAGES)
def test_a_tenant_goes_on_after_the_worker_slept_for_a_week(
    emulator: emulated.Running, clock: time_machine.Traveller, stage: Stage
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    emulator.behave(bulk_load_seconds=WEEK.total_seconds())
    journey.reach(stage)
    clock.shift(WEEK)
    # As the sweep finds it, with its old time: not as one that is due just now.
    queue.drain()
    assert tasks.ensure_connections() == 0
    connect_sweeps.queue_connections(sweeps.REQUEUE_AFTER)
    queue.drain()
    journey.connection.refresh_from_db()
    assert journey.connection.blocked_at is None
    emulator.behave(bulk_load_seconds=0)
    emulator.advance(WEEK.total_seconds())
    journey.reach(Stage.LIVE)
    assert not Message.objects.filter(kind=MessageKind.BLOCKED).exists()


def test_a_week_asleep_ends_in_no_alert_about_live_tenants(
    emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    Journey(emulator, cast.ACME, Proof.SIGNED).reach(Stage.LIVE)
    queue.drain()
    clock.shift(WEEK)
    for minute in range(8):
        tasks.check_incidents()
        if minute % 5 == 0:
            tasks.refresh_health()
        queue.drain()
        clock.shift(timedelta(minutes=1))
    assert not Incident.objects.exclude(status=IncidentStatus.SUSPECTED).exists()
    assert not Message.objects.filter(kind=MessageKind.INCIDENT).exists()


def test_a_schedule_that_was_missed_for_a_week_runs_once(settings: Any) -> None:
    assert settings.Q_CLUSTER["catch_up"] is False
