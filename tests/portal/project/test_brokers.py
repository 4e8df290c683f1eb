"""The queue in the database: what an idle worker asks, and that it hears of a task at once."""

import contextlib
import socket
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from connect.models import Connection, Stage
from portal import deliveries
from portal.models import Delivery
from portal.project import brokers, heart, waiting, worker
from tenants import messages, queue, sending, sweeps
from tenants.leases import Worker
from tenants.models import MessageKind
from tests import cast, redis
from tests.queue import queued_calls

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 30  # seconds


def put_later() -> None:
    time.sleep(0.2)
    queue.enqueue(sending.send, 7)
    connection.close()


def test_a_worker_that_waits_takes_a_task_as_soon_as_it_is_queued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conf, "POLL", LONG)
    broker = get_broker()
    began = time.monotonic()
    other = threading.Thread(target=put_later)
    other.start()
    assert broker.dequeue() == []
    assert len(broker.dequeue()) == 1
    other.join()
    assert time.monotonic() - began < LONG


def test_tasks_are_taken_once_and_in_their_order() -> None:
    for number in (1, 2, 3):
        queue.enqueue(sending.send, number)
    brokers = [get_broker() for _ in range(3)]
    taken = [ack for broker in brokers for ack, _ in broker.dequeue()]
    assert taken == sorted(OrmQ.objects.values_list("pk", flat=True))
    assert len(set(taken)) == 3


def test_a_redis_that_hangs_is_asked_once_for_all_rows_of_a_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(brokers, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{hanging.getsockname()[1]}")
        for number in range(5):
            queue.enqueue(sending.send, number)
        asked = 0
        hanging.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while True:
                hanging.accept()[0].close()
                asked += 1
    assert asked == 1


def test_no_more_tasks_are_taken_than_asked_for_however_postgres_plans_it() -> None:
    for number in (1, 2, 3):
        queue.enqueue(sending.send, number)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE django_q_ormq")
        # It joins by a loop, as it may by itself after the queue was long.
        for each in ("hashjoin", "hashagg", "sort", "material"):
            cursor.execute(f"SET enable_{each} = off")
    assert len(get_broker().dequeue()) == Conf.BULK == 1
    connection.close()  # and its settings


def test_an_empty_queue_is_asked_with_one_statement(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(Conf, "POLL", 0)
    broker = get_broker()
    broker.dequeue()
    with django_assert_num_queries(1):
        assert broker.dequeue() == []


def test_a_task_is_taken_and_noted_with_one_statement(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(Conf, "POLL", 0)
    broker = get_broker()
    broker.dequeue()
    queue.enqueue(sending.send, 7)
    with django_assert_num_queries(1):
        ((ack, payload),) = broker.dequeue()
    noted = Delivery.objects.get()
    assert (noted.ack, noted.payload, noted.starts) == (str(ack), payload, 0)


def test_a_task_and_its_delivery_end_with_one_statement_though_django_q2_ends_them_twice(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    broker = get_broker()
    for number in (7, 8):
        queue.enqueue(sending.send, number)
    ((first, _),), ((second, _),) = broker.dequeue(), broker.dequeue()
    with django_assert_num_queries(1):
        broker.acknowledge(first)
        broker.acknowledge(first)
    assert [each.ack for each in Delivery.objects.all()] == [str(second)]
    assert list(OrmQ.objects.values_list("pk", flat=True)) == [second]


def test_a_task_whose_end_failed_ends_when_django_q2_ends_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue.enqueue(sending.send, 7)
    broker = get_broker()
    ((ack, _),) = broker.dequeue()
    with monkeypatch.context() as patch:
        patch.setattr(brokers, "_END", "SELECT 1 / 0")
        with pytest.raises(DatabaseError):
            broker.acknowledge(ack)
    broker.acknowledge(ack)
    assert not OrmQ.objects.exists()
    assert not Delivery.objects.exists()


def test_a_delivery_ends_whose_task_staff_have_deleted() -> None:
    queue.enqueue(sending.send, 7)
    ((ack, _),) = get_broker().dequeue()
    OrmQ.objects.all().delete()
    get_broker().acknowledge(ack)
    assert not Delivery.objects.exists()


def test_a_finished_task_of_the_redis_that_was_the_queue_is_forgotten() -> None:
    deliveries.note_taken("0a1b", "a payload", "host:1")
    get_broker().acknowledge("0a1b")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("off", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_task_of_a_dyno_whose_clock_is_wrong_is_taken_at_once_and_by_one_worker(
    off: timedelta,
) -> None:
    with time_machine.travel(timezone.now() + off, tick=True):
        queue.enqueue(sending.send, 7)
    assert len(get_broker().dequeue()) == 1
    with time_machine.travel(timezone.now() + off, tick=True):
        assert get_broker().dequeue() == []


def test_a_pulse_without_work_is_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    beating = heart.Heart("host:1", timezone.now())
    cast.connect(cast.enrol(cast.ACME), next_attempt_at=None)
    with django_assert_num_queries(1):
        worker._pulse(1, beating)


def test_a_beat_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    beating = heart.Heart("host:1", timezone.now())
    beating.beat()
    with django_assert_num_queries(1):
        assert beating.beat()


def test_a_sweep_with_work_is_found_and_no_other() -> None:
    assert sweeps.with_work(queue.LOST_AT_ONCE) == []
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    assert sweeps.with_work(queue.LOST_AT_ONCE) == []  # its task is in the queue
    type(message).objects.update(queued_at=None)
    assert [each.name for each in sweeps.with_work(queue.LOST_AT_ONCE)] == ["e-mails"]


def somebody_waits() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone() != (0,))


@pytest.mark.parametrize(("does", "left"), [("frees", 1), ("ends", 0)])
def test_who_frees_or_ends_a_task_locks_it_before_its_delivery_as_who_takes_it(
    monkeypatch: pytest.MonkeyPatch, does: str, left: int
) -> None:
    monkeypatch.setattr(Worker, "name", "host:1")
    queue.enqueue(sending.send, 7)
    ((ack, _),) = get_broker().dequeue()

    def act() -> None:
        if does == "frees":
            deliveries.free_of(Worker.name)
        else:
            get_broker().acknowledge(ack)
        connection.close()

    other = threading.Thread(target=act)
    with transaction.atomic():
        get_broker().hold(str(ack))
        other.start()
        stop_at = time.monotonic() + LONG
        while not somebody_waits() and time.monotonic() < stop_at:
            time.sleep(0.05)
        held = Delivery.objects.select_for_update(nowait=True).get()
        Delivery.objects.filter(pk=held.pk).update(starts=1)  # the other sees what is stored here
    other.join()
    assert get_broker().queue_size() == OrmQ.objects.count() == left
    assert Delivery.objects.count() == left


def test_a_task_of_the_redis_that_was_the_queue_keeps_no_other_from_being_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Worker, "name", "host:1")
    deliveries.note_taken("0a1b", "a payload", "host:1")
    queue.enqueue(sending.send, 7)
    get_broker().dequeue()
    deliveries.free_of("host:1")
    assert len(get_broker().dequeue()) == 1


def test_a_redis_that_answers_again_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
    with redis.running() as (url, tasks):
        monkeypatch.setattr(settings, "REDIS_URL", url)
        monkeypatch.setitem(brokers._away_until, url, time.monotonic() + LONG)
        queue.enqueue(sending.send, 7)
        assert not tasks
        assert waiting.length() == 0  # an answer
        queue.enqueue(sending.send, 7)
        assert len(tasks) == 1


def test_a_pulse_marks_nothing_as_queued_while_redis_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    with monkeypatch.context() as away:
        away.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
        away.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1")
        worker._sweep()
    row.refresh_from_db()
    assert row.queued_at is None
    worker._sweep()
    assert len(queued_calls()) == 1


def test_a_worker_whose_clock_is_behind_queues_nothing_twice() -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=4)):
        cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
        assert sweeps.run(queue.lost_after()) == 1
    waits = timedelta(minutes=3)
    OrmQ.objects.update(lock=F("lock") - waits)
    Connection.objects.update(queued_at=F("queued_at") - waits)
    with time_machine.travel(timezone.now() - timedelta(minutes=4)):
        assert sweeps.run(queue.lost_after()) == 0
