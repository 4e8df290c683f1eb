"""django-q2's brokers, which also note what each worker takes (portal/deliveries.py).

The settings name the class (Q_CLUSTER), and django-q2 makes a broker for each call.
"""

import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal import deliveries
from tenants.leases import Worker

# A page must not wait for a broker that is away. A worker waits one second for a task.
CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 5.0


class DatabaseBroker(ORM):  # type: ignore[misc]  # django-q2 carries no types
    """The queue as a table of the portal's database."""

    def dequeue(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = super().dequeue() or []
        for ack, payload in found:
            deliveries.note_taken(str(ack), payload, Worker.name)
        return found

    @transaction.atomic
    def delete(self, task_id: int | str) -> None:
        super().delete(task_id)
        # A worker that dies between the two would leave a delivery that nobody takes again.
        deliveries.forget(str(task_id))

    def release(self, ack: str, payload: str) -> None:
        """Let another worker take a task at once."""
        OrmQ.objects.filter(pk=ack).update(lock=timezone.now())


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 carries no types
    """The queue in Redis, which forgets a task when a worker takes it."""

    def dequeue(self) -> list[tuple[str | None, str]]:
        return [_noted(payload.decode()) for _, payload in super().dequeue() or []]

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


def _noted(payload: str) -> tuple[str | None, str]:
    try:
        ack = str(SignedPackage.loads(payload)["id"])
    except (TypeError, BadSignature):  # django-q2 drops it
        return None, payload
    deliveries.note_taken(ack, payload, Worker.name)
    return ack, payload
