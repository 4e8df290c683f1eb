"""Clocks that moved past every expiry, and a worker that slept for a week."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import sweeps as connect_sweeps
from connect import tasks
from connect.models import (
    Incident,
    IncidentStatus,
    Stage,
)
from connect.operations import connection as operations
from portal import bulk
from portal.actions.forms import moment
from portal.models import BulkRun
from portal.project import schedules
from tenants import callout_signature, links, sweeps
from tenants.models import Message, MessageKind, MessageStatus, Proof
from tests import cast, queue
from tests.connect.journey import Journey
from tests.tenants import callouts

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


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


def scheduled() -> Counter[str]:
    """Let two workers look at the schedules; return what they queued, and how often."""
    OrmQ.objects.all().delete()
    for _ in range(2):
        scheduler()
    return Counter(task["func"] for task in queue.queued())


@pytest.mark.django_db(transaction=True)
def test_a_schedule_that_was_missed_for_a_week_runs_once(clock: time_machine.Traveller) -> None:
    schedules.ensure()
    assert scheduled() == dict.fromkeys(schedules.SCHEDULES, 1)
    clock.shift(WEEK)
    assert scheduled() == dict.fromkeys(schedules.SCHEDULES, 1)
    assert scheduled() == {}
    # Not one after the other either: the next time of each lies ahead by no more than its rhythm.
    assert schedules.bring_back() == 0
    assert not Schedule.objects.filter(next_run__lte=timezone.now()).exists()


@pytest.mark.django_db(transaction=True)
def test_after_a_week_asleep_nobody_gets_a_mail_twice(
    emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    waiting = Journey(emulator, cast.ACME, Proof.SIGNED)
    waiting.reach(Stage.WAITING_FOR_CONSENT)
    live = Journey(emulator, cast.BOREALIS, Proof.SIGNED)
    live.reach(Stage.LIVE)
    schedules.ensure()
    queue.drain()
    clock.shift(WEEK)
    emulator.advance(WEEK.total_seconds())
    for _ in range(3):
        scheduler()
        sweeps.run(timedelta())  # as if each hint had been lost
        sweeps.run(timedelta())
        queue.drain()
        clock.shift(timedelta(minutes=5))
    sent = Counter((tuple(mail.to), mail.subject) for mail in mail.outbox)
    assert set(sent.values()) == {1}
    kinds = Message.objects.filter(tenant=waiting.tenant).values_list("kind", flat=True)
    # One reminder, although the times of two have passed.
    assert sorted(kinds) == [MessageKind.SIGN_IN, MessageKind.SIGN_IN_REMINDER]
    assert not Message.objects.exclude(status=MessageStatus.SENT).exists()


# --- every expiry --------------------------------------------------------------------------------


def test_each_thing_that_expires_is_good_until_then_and_not_after(
    clock: time_machine.Traveller, settings: Settings, client: Client
) -> None:
    body = json.dumps(callouts.callout()).encode()
    secret, sent_at = settings.REGISTRATION_SECRETS[0], int(time.time())
    signature = callout_signature.sign(secret, sent_at, body)
    tenant = cast.enrol(cast.ACME)
    link = links.signed_part(links.SIGN_IN, tenant)
    run = BulkRun(action="refresh", label="Refresh", actor="mia", total=2)
    bulk.hold(run)
    run.save()
    begun = timezone.now()

    def signed() -> object:
        return callout_signature.verify(str(sent_at), signature, body, timezone.now())

    def linked() -> object:
        return links.tenant_for(links.SIGN_IN, link)

    def waits() -> object:
        bulk.work_off(run.pk)
        return BulkRun.objects.get(cancelled_at=None)

    for lives, use, error in (
        (callout_signature.MAX_AGE, signed, callout_signature.InvalidSignature),
        (bulk.APPROVAL_TIME, waits, BulkRun.DoesNotExist),
        (links.LIFETIME, linked, links.BadLink),
    ):
        clock.move_to(begun + lives - timedelta(seconds=5))
        assert use()
        clock.move_to(begun + lives + timedelta(seconds=5))
        with pytest.raises(error):
            use()


# Both nights in which the clocks of Berlin are changed, and an ordinary one.
NIGHTS = {
    "an hour longer": (
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        datetime(2026, 10, 25, 7, tzinfo=UTC),
    ),
    "an hour shorter": (
        datetime(2027, 3, 27, 12, tzinfo=UTC),
        datetime(2027, 3, 28, 6, tzinfo=UTC),
    ),
    "ordinary": (datetime(2027, 3, 30, 12, tzinfo=UTC), datetime(2027, 3, 31, 6, tzinfo=UTC)),
}


@pytest.mark.parametrize(("evening", "morning"), NIGHTS.values(), ids=NIGHTS)
def test_a_pause_and_a_snooze_until_the_morning_end_at_eight_by_the_clock_on_the_wall(
    emulator: emulated.Running,
    clock: time_machine.Traveller,
    settings: Settings,
    evening: datetime,
    morning: datetime,
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    clock.move_to(evening)
    ends_at = morning
    live = Journey(emulator, cast.ACME, Proof.SIGNED).reach(Stage.LIVE)
    options = {"until": moment("morning", None, timezone.now()).isoformat(), "note": "The move."}
    for name in ("pause_until", "snooze"):
        assert "08:00" in operations.operate(name, live.pk, "olga", options).text
    for at, state, is_snoozed in (
        (ends_at - timedelta(seconds=5), "PAUSED", True),
        (ends_at + timedelta(seconds=5), "IDLE", False),
    ):
        clock.move_to(at)
        connect_sweeps.queue_connections(sweeps.REQUEUE_AFTER)
        queue.drain()
        live.refresh_from_db()
        assert (live.state, live.is_snoozed(timezone.now())) == (state, is_snoozed)
