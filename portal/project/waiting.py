"""How long work has waited for a worker: the truth is in the rows, the queue has only hints."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min
from django_q.brokers import get_broker
from django_q.models import OrmQ
from redis.exceptions import RedisError

from tenants import sweeps

QUEUE_IS_LATE = timedelta(minutes=5)
REDIS_IS_AWAY = "The queue cannot be reached: Redis does not answer at REDIS_URL."


def age(now: datetime) -> timedelta | None:
    """Return how long the oldest work has waited for a worker; None if none waits.

    Work is a row that a sweep would queue, or a task in the database's queue. Redis tells no ages.
    """
    found = [_oldest_task(now), *(sweep.waiting_since(now) for sweep in sweeps.every())]
    oldest = min((each for each in found if each), default=None)
    return now - oldest if oldest else None


def _oldest_task(now: datetime) -> datetime | None:
    # django-q2 keeps in `lock` the moment from which a task may be taken, so that tasks under work
    # lie in the future. Those of a dead worker are free within seconds (portal/deliveries.py).
    free = OrmQ.objects.filter(lock__lt=now)
    oldest: datetime | None = free.aggregate(at=Min("lock"))["at"]
    return oldest


def length() -> int | None:
    """Return how many tasks the queue holds, those under work too; None if Redis is away."""
    if not settings.REDIS_URL:
        count: int = OrmQ.objects.count()
        return count
    try:
        size = int(get_broker().queue_size())
    except RedisError:
        return None
    return size


def broker_problems() -> list[str]:
    """Return what keeps tasks from the queue."""
    return [REDIS_IS_AWAY] if length() is None else []
