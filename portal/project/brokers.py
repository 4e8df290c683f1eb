"""django-q2's brokers, which also note what each worker takes (portal/deliveries.py).

The settings name the class (Q_CLUSTER). django-q2 makes a broker for each task that is queued; its
sentinel, pusher and monitor keep one each.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Min, QuerySet
from django.db.models.functions import Now
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
    INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, statement_timestamp())
    RETURNING id
) SELECT id, pg_notify('queued_tasks', '') FROM put
"""
_ANNOUNCE = "SELECT pg_notify('queued_tasks', '')"
# Two workers never take the same task, and neither waits for the other. Materialized, because a
# subquery may be run for each row of the table, and then take as many tasks. A worker that dies
# here has either taken nothing, or its delivery tells what: `deliveries.note_taken`, as SQL.
_TAKE = """
WITH free AS MATERIALIZED (
    SELECT id FROM django_q_ormq WHERE key = %(key)s AND lock <= statement_timestamp()
    ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE django_q_ormq SET lock = statement_timestamp() + %(retry)s
    WHERE id IN (SELECT id FROM free) RETURNING id, payload
), noted AS (
    INSERT INTO portal_delivery (ack, payload, worker, starts, taken_at)
    SELECT id, payload, %(worker)s, 0, statement_timestamp() FROM taken
    ON CONFLICT (ack) DO UPDATE SET
        payload = excluded.payload, worker = excluded.worker, taken_at = excluded.taken_at
)
SELECT id, payload FROM taken
"""
# The task first, as who takes or frees one locks it: the count makes Postgres delete it before the
# delivery, which goes also if staff have deleted the task.
_END = """
WITH gone AS (DELETE FROM django_q_ormq WHERE id = %(id)s RETURNING id)
DELETE FROM portal_delivery WHERE ack = %(ack)s AND (SELECT count(*) FROM gone) >= 0
"""
# A page must not wait for a broker that is away. A worker waits one second for a task.
CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 3.0
# A sweep has many rows, and each would wait for it again.
AWAY_SECONDS = 5.0
_away_until: dict[str, float] = {}  # on the monotonic clock, by the address of Redis


class DatabaseBroker(ORM):  # type: ignore[misc]  # django-q2 carries no types
    """The queue as a table of the portal's database.

    Who queues a task announces it with the same statement, and a worker hears of it at the commit:
    it takes a task at once, and asks an empty queue rarely. Times are those of the database, so no
    clock of a dyno matters.
    """

    _hears_on: object = None
    _ended = ""

    def enqueue(self, task: str) -> int:
        self.get_connection()  # closes one that is too old
        with connection.cursor() as cursor:
            cursor.execute(_PUT, [self.list_key or Conf.CLUSTER_NAME, task])
            return int(cursor.fetchone()[0])

    def dequeue(self) -> list[tuple[int, str]]:
        self.get_connection()
        self._listen()
        asked = {
            "key": self.list_key,
            "most": Conf.BULK,
            "retry": timedelta(seconds=Conf.RETRY),
            "worker": Worker.name,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, asked)
            found: list[tuple[int, str]] = cursor.fetchall()
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

    def waited(self) -> timedelta | None:
        """Return how long the oldest of the tasks that wait has done so; None if none waits."""
        rows = self.get_connection().filter(key=self.list_key, lock__lte=Now())
        queued: timedelta | None = rows.aggregate(waited=Now() - Min("lock"))["waited"]
        return _longest(queued, deliveries.waited())

    def hold(self, ack: str) -> None:
        """Lock a task, as who takes or deletes it does before its delivery."""
        self._row(ack).select_for_update().first()

    def delete(self, task_id: int | str) -> None:
        """Delete a task and its delivery with one statement: a death leaves both or none."""
        ack = str(task_id)
        # django-q2 acknowledges a task twice: when it saves the result, and after that.
        if ack == self._ended:
            return
        self.get_connection()
        with connection.cursor() as cursor:
            cursor.execute(_END, {"ack": ack, "id": int(ack) if ack.isdigit() else None})
        self._ended = ack

    def release(self, ack: str, payload: str) -> None:
        """Let another worker take a task at once."""
        self._row(ack).update(lock=Now())
        with connection.cursor() as cursor:
            cursor.execute(_ANNOUNCE)

    @staticmethod
    def _row(ack: str) -> QuerySet[OrmQ]:
        # A task that was taken while the queue was in Redis has a name, and no row.
        rows: QuerySet[OrmQ] = OrmQ.objects.filter(pk=ack if ack.isdigit() else None)
        return rows


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 carries no types
    """The queue in Redis, which forgets a task when a worker takes it.

    After it gave no answer, `enqueue` raises its error at once for some seconds, or until it has
    answered something else.
    """

    def enqueue(self, task: str) -> int:
        if time.monotonic() < _away_until.get(settings.REDIS_URL, 0):
            raise redis.TimeoutError("Redis gave no answer a moment ago")
        return int(_asked(partial(super().enqueue, task)))

    def queue_size(self) -> int:
        return int(_asked(super().queue_size))

    def dequeue(self) -> list[tuple[str | None, str]]:
        return [_noted(payload.decode()) for _, payload in super().dequeue() or []]

    def waited(self) -> timedelta | None:
        """Return how long the first of the tasks that wait has done so; None if none waits."""
        payload = _asked(partial(self.connection.lindex, self.list_key, 0))
        queued = _age(payload.decode()) if payload else None
        return _longest(queued, deliveries.waited())

    def hold(self, ack: str) -> None:
        """Do nothing: who takes a task from Redis has it alone."""

    def acknowledge(self, task_id: str) -> None:
        deliveries.forget(task_id)

    def release(self, ack: str, payload: str) -> None:
        """Let another worker take a task at once."""
        _asked(partial(super().enqueue, payload))

    @staticmethod
    def get_connection(list_key: str | None = None) -> "redis.Redis":
        return redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            # For a connection that was closed. What gave no answer may have worked.
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        )


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        answer = ask()
    except redis.TimeoutError:
        _away_until[settings.REDIS_URL] = time.monotonic() + AWAY_SECONDS
        raise
    _away_until.pop(settings.REDIS_URL, None)
    return answer


def _age(payload: str) -> timedelta:
    try:
        age: timedelta = timezone.now() - SignedPackage.loads(payload)["started"]
    except (TypeError, BadSignature):  # it is dropped as soon as it is taken
        return timedelta()
    return max(age, timedelta())


def _longest(*ages: timedelta | None) -> timedelta | None:
    return max((age for age in ages if age is not None), default=None)


def _noted(payload: str) -> tuple[str | None, str]:
    try:
        ack = str(SignedPackage.loads(payload)["id"])
    except (TypeError, BadSignature):  # django-q2 drops it
        return None, payload
    deliveries.note_taken(ack, payload, Worker.name)
    return ack, payload
