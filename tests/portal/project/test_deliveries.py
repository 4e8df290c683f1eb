"""Tasks of dead workers are free at once, on both brokers; one that kills its worker ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db.models import F, Model
from django.test import Client
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Failure, Task
from django_q.signing import SignedPackage

from connect.models import Connection, Discrepancy, DiscrepancyKind, Stage
from portal import deliveries, tasks
from portal.integrations.models import Webhook
from portal.models import BulkRun, Delivery, Heartbeat
from portal.project import heart
from tenants import leases, queue, sending, sweeps
from tenants.models import Message
from tests import cast
from tests.portal.admin import walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
DEAD = timedelta(seconds=16)


def take() -> tuple[Any, dict[str, Any]]:
    """Take a task from the queue, as the worker does; return its number and what it is."""
    ((ack, payload),) = get_broker().dequeue()
    return ack, {**SignedPackage.loads(payload), "ack_id": ack}


def die() -> None:
    """Let the worker be silent for longer than a living one is."""
    Heartbeat.objects.update(beat_at=timezone.now() - DEAD)
    Delivery.objects.update(taken_at=timezone.now() - DEAD)


def test_a_dead_workers_task_is_free_at_once() -> None:
    Heartbeat.objects.create(worker="host:1")
    queue.enqueue(sending.send, 7)
    take()
    Delivery.objects.update(taken_at=timezone.now() - DEAD)
    assert deliveries.free_dead() == 0  # its worker lives
    assert get_broker().queue_size() == 0
    die()
    assert deliveries.free_dead() == 1
    assert deliveries.free_dead() == 0
    assert get_broker().queue_size() == 1
    ack, task = take()
    assert (task["func"], task["args"]) == ("tenants.sending.send", (7,))
    get_broker().acknowledge(ack)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("off", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_worker_whose_clock_is_wrong_takes_no_living_one_for_dead(off: timedelta) -> None:
    heart.Heart("host:1", timezone.now()).beat()
    queue.enqueue(sending.send, 7)
    with time_machine.travel(timezone.now() + off, tick=True):
        heart.Heart("host:2", timezone.now()).beat()
        assert deliveries.free_dead() == 0
        take()
        assert deliveries.free_dead() == 0
    Delivery.objects.update(taken_at=F("taken_at") - DEAD)
    assert deliveries.free_dead() == 0
    assert set(Heartbeat.objects.values_list("worker", flat=True)) == {"host:1", "host:2"}


def test_a_worker_that_ends_gives_its_tasks_back() -> None:
    queue.enqueue(sending.send, 7)
    take()
    deliveries.free_of("host:2")
    assert get_broker().queue_size() == 0
    deliveries.free_of("host:1")
    assert get_broker().queue_size() == 1


@pytest.fixture
def held() -> list[Model]:
    """One row of each kind that has a lease, held by this process."""
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    run = BulkRun.objects.create(action="refresh", label="Refresh", actor="mia", total=1)
    found = Discrepancy.objects.create(kind=DiscrepancyKind.ORPHAN, key="a-1", text="Unknown.")
    hook = Webhook.objects.create(name="CRM", url="https://isv.example", secret="x")
    rows: list[Model] = [connection, run, found, hook]
    for each in rows:
        assert leases.take(type(each)._default_manager.filter(pk=each.pk)) is not None
    return rows


def is_free(row: Model) -> bool:
    return type(row)._default_manager.filter(leases.free(timezone.now()), pk=row.pk).exists()


def test_each_model_with_a_lease_says_who_holds_it() -> None:
    models = [each for each in apps.get_models() if not each._meta.proxy]
    leased = [each for each in models if hasattr(each, "lease_expires_at")]
    assert {Connection, BulkRun, Discrepancy, Webhook} == set(leased)
    assert all(hasattr(each, "lease_holder") for each in leased)


def test_a_dead_workers_leases_are_free_at_once(held: list[Model]) -> None:
    Heartbeat.objects.create(worker="host:1", beat_at=timezone.now() - DEAD)
    # One that has just taken them may only be slow to beat for the first time.
    deliveries.free_dead()
    assert not any(map(is_free, held))
    long_ago = timezone.now() - DEAD + leases.LEASE
    for each in held:
        type(each)._default_manager.update(lease_expires_at=long_ago)
    deliveries.free_dead()
    assert all(map(is_free, held))


def test_a_living_workers_leases_and_those_of_no_worker_stay(held: list[Model]) -> None:
    for each in held:
        type(each)._default_manager.update(lease_expires_at=timezone.now() + leases.LEASE - DEAD)
    Heartbeat.objects.create(worker="host:1")
    deliveries.free_dead()
    assert not any(map(is_free, held))
    for each in held:
        type(each)._default_manager.update(lease_holder="")
    Heartbeat.objects.all().delete()
    deliveries.free_dead()
    assert not any(map(is_free, held))


def test_a_worker_that_ends_gives_its_leases_back(held: list[Model]) -> None:
    deliveries.free_of("host:2")
    assert not any(map(is_free, held))
    deliveries.free_of("host:1")
    assert all(map(is_free, held))


def test_a_task_that_kills_its_worker_fails_after_three_starts_in_front_of_staff(
    admin_client: Client,
) -> None:
    queue.enqueue_as("message 7", sending.send, 7)
    for _ in range(deliveries.MAX_STARTS):
        assert get_broker().queue_size() == 1
        deliveries.count_start(take()[1])
        die()
        assert deliveries.free_dead() == 1
    # What waits now is the mail to staff.
    _, waiting = take()
    assert waiting["args"] == (Message.objects.get().pk, 0)
    failure = Failure.objects.get()
    assert (failure.name, failure.func) == ("message 7", "tenants.sending.send")
    assert "Its worker died 3 times" in failure.result
    page = admin_client.get(walk.page(Failure, "change", failure.pk)).content.decode()
    assert "Its worker died 3 times" in page
    assert "tenants.sending.send" in Message.objects.get().subject
    assert Delivery.objects.get().ack == str(waiting["ack_id"])


def test_a_task_that_ended_before_its_worker_died_is_not_called_a_killer() -> None:
    queue.enqueue(sending.send, 7)
    _, task = take()
    Task.objects.create(
        **{name: task[name] for name in ("id", "name", "func")},
        started=timezone.now(),
        stopped=timezone.now(),
        success=True,
    )
    Delivery.objects.update(starts=deliveries.MAX_STARTS)
    die()
    assert deliveries.free_dead() == 1
    assert not Failure.objects.exists()
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


def test_a_task_that_only_waited_in_a_dead_worker_is_not_counted() -> None:
    queue.enqueue(sending.send, 7)
    for _ in range(deliveries.MAX_STARTS + 2):
        take()
        die()
        assert deliveries.free_dead() == 1
    assert not Failure.objects.exists()
    assert get_broker().queue_size() == 1


def test_what_was_deleted_by_hand_is_forgotten() -> None:
    queue.enqueue(sending.send, 7)
    take()
    Delivery.objects.update(taken_at=timezone.now() - timedelta(days=2))
    tasks.prune()
    assert not Delivery.objects.exists()


def test_a_task_that_waits_inside_its_worker_is_not_queued_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    assert sweeps.run(queue.lost_after()) == 1
    _, task = take()
    Connection.objects.update(queued_at=F("queued_at") - timedelta(seconds=50))
    assert sweeps.run(queue.lost_after()) == 0
    with monkeypatch.context() as later:
        later.setattr(deliveries, "MAX_TASK", timedelta())  # it waits no more: it is lost
        assert queue.lost_after() == queue.LOST_AT_ONCE
    deliveries.count_start(task)
    assert sweeps.run(queue.lost_after()) == 1
