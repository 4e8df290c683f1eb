"""How long work has waited for a worker: the truth is in the rows, the queue has only hints."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.models import OrmQ
from redis.exceptions import RedisError

from tenants import batching, sweeps
from tenants.batching import Asking, batched

QUEUE_IS_LATE = timedelta(minutes=5)
REDIS_IS_AWAY = "The queue cannot be reached: Redis does not answer at REDIS_URL."


class Since(NamedTuple):
    """A moment, and how long ago it was by the clock that it has."""

    at: datetime
    age: timedelta


@batched
def oldest(now: datetime) -> Asking[Since | None]:
    """Return since when the oldest work has waited for a worker; None if none waits.

    Work is a row that a sweep would queue, or a task in the database's queue. Redis tells no ages.
    """
    work = [rows for sweep in sweeps.every() if (rows := sweep.oldest(now)) is not None]
    tasks, *found = yield [_oldest_task(), *work]
    waits = [Since(moment, now - moment) for moments in found for moment in moments]
    waits += [Since(*task) for task in tasks]
    return max(waits, key=lambda each: each.age, default=None)


@batched
def age(now: datetime) -> Asking[timedelta | None]:
    """Return how long the oldest work has waited for a worker; None if none waits."""
    found = yield from oldest.asking(now)
    return found.age if found else None


def _oldest_task() -> QuerySet[Any, Any]:
    # django-q2 keeps in `lock` the moment from which a task may be taken, so that tasks under work
    # lie in the future. Those of a dead worker are free within seconds (portal/deliveries.py).
    free = OrmQ.objects.filter(lock__lte=Now()).order_by("lock")
    # Those that a queue in Redis has replaced are left behind.
    own = free.none() if settings.REDIS_URL else free
    since: QuerySet[Any, Any] = own.annotate(age=Now() - F("lock")).values_list("lock", "age")
    return since[:1]


@batched
def length() -> Asking[int | None]:
    """Return how many tasks the queue holds, those under work too; None if Redis is away."""
    if not settings.REDIS_URL:
        (count,) = yield [batching.count(OrmQ.objects.all())]
        return batching.number(count)
    try:
        size = int(get_broker().queue_size())
    except RedisError:
        return None
    return size


def broker_problems() -> list[str]:
    """Return what keeps tasks from the queue."""
    return [REDIS_IS_AWAY] if length() is None else []
