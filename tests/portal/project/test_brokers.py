"""The queue in the database: what an idle worker asks, and that it hears of a task at once."""

import contextlib
import socket
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from portal.models import Delivery
from portal.project import brokers, heart, waiting, worker
from tenants import messages, queue, sending, sweeps
from tenants.models import MessageKind
from tests import cast

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
        assert queue.lost_after() == sweeps.REQUEUE_AFTER
        assert waiting.length() is None
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
