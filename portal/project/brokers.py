"""django-q2's brokers, which also note what each worker takes (portal/deliveries.py).

The settings name the class (Q_CLUSTER), and django-q2 makes a broker for each call.
"""

from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal import deliveries
from tenants.leases import Worker

_PUT = """
WITH put AS (
    INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, %s) RETURNING id
) SELECT id, pg_notify('queued_tasks', '') FROM put
"""
_ANNOUNCE = "SELECT pg_notify('queued_tasks', '')"
# Two workers never take the same task, and neither waits for the other. Materialized, because a
# subquery may be run for each row of the table, and then take as many tasks.
_TAKE = """
WITH free AS MATERIALIZED (
    SELECT id FROM django_q_ormq WHERE key = %s AND lock < %s
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE django_q_ormq SET lock = %s WHERE id IN (SELECT id FROM free) RETURNING id, payload
"""
# A worker whose clock is a little behind would not find a task yet that was announced.
CLOCKS_DIFFER = timedelta(seconds=1)
# A page must not wait for a broker that is away. A worker waits one second for a task.
CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 5.0


class DatabaseBroker(ORM):  # type: ignore[misc]  # django-q2 carries no types
    """The queue as a table of the portal's database.

    Who queues a task announces it with the same statement, and a worker hears of it at the commit:
    it takes a task at once, and asks an empty queue rarely.
    """

    _hears_on: object = None

    def enqueue(self, task: str) -> int:
        self.get_connection()  # closes one that is too old
        with connection.cursor() as cursor:
            key, free_at = self.list_key or Conf.CLUSTER_NAME, timezone.now() - CLOCKS_DIFFER
            cursor.execute(_PUT, [key, task, free_at])
            return int(cursor.fetchone()[0])

    def dequeue(self) -> list[tuple[int, str]]:
        self.get_connection()
        self._listen()
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [self.list_key, now, Conf.BULK, self.timeout(None)])
            found: list[tuple[int, str]] = cursor.fetchall()
        for ack, payload in found:
            deliveries.note_taken(str(ack), payload, Worker.name)
        if not found:
            self._wait()
        return found

    def _listen(self) -> None:
        """Listen before the queue is asked, so that no task comes unheard between the two."""
        connection.ensure_connection()
        if connection.connection is not self._hears_on:
            with connection.cursor() as cursor:
                cursor.execute("LISTEN queued_tasks")
            self._hears_on = connection.connection

    @staticmethod
    def _wait() -> None:
        """Wait until a task is announced, or for the time of `poll`."""
        for _ in connection.connection.notifies(timeout=Conf.POLL, stop_after=1):
            pass

    def oldest(self) -> datetime | None:
        """Return when the oldest of the tasks that wait was queued; None if none waits."""
        waiting = self.get_connection().filter(key=self.list_key, lock__lte=timezone.now())
        found: datetime | None = waiting.aggregate(oldest=Min("lock"))["oldest"]
        return found

    @transaction.atomic
    def delete(self, task_id: int | str) -> None:
        super().delete(task_id)
        # A worker that dies between the two would leave a delivery that nobody takes again.
        deliveries.forget(str(task_id))

    def release(self, ack: str, payload: str) -> None:
        """Let another worker take a task at once."""
        OrmQ.objects.filter(pk=ack).update(lock=timezone.now() - CLOCKS_DIFFER)
        with connection.cursor() as cursor:
            cursor.execute(_ANNOUNCE)


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 carries no types
    """The queue in Redis, which forgets a task when a worker takes it."""

    def dequeue(self) -> list[tuple[str | None, str]]:
        return [_noted(payload.decode()) for _, payload in super().dequeue() or []]

    def oldest(self) -> datetime | None:
        """Return when the first of the tasks that wait was queued; None if none waits."""
        payload = self.connection.lindex(self.list_key, 0)
        return _queued_at(payload.decode()) if payload else None

    def acknowledge(self, task_id: str) -> None:
        deliveries.forget(task_id)

    def release(self, ack: str, payload: str) -> None:
        """Let another worker take a task at once."""
        self.enqueue(payload)

    @staticmethod
    def get_connection(list_key: str | None = None) -> "redis.Redis":
        return redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )


def _queued_at(payload: str) -> datetime:
    try:
        queued_at: datetime = SignedPackage.loads(payload)["started"]
    except (TypeError, BadSignature):  # it is dropped as soon as it is taken
        return timezone.now()
    return queued_at


def _noted(payload: str) -> tuple[str | None, str]:
    try:
        ack = str(SignedPackage.loads(payload)["id"])
    except (TypeError, BadSignature):  # django-q2 drops it
        return None, payload
    deliveries.note_taken(ack, payload, Worker.name)
    return ack, payload
