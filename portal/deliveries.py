"""What each worker has taken: a dead worker's tasks and leases are free at once.

django-q2 gives a task to another worker only after its `retry` time, and gives a task that kills
its worker to the next one for ever. Here the worker's heartbeat tells that it is dead, each start
of a task is counted before it, and after some deaths the task has failed, in front of staff.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.models import Task
from django_q.signing import SignedPackage

from portal.models import Delivery, Heartbeat
from tenants import leases, messages, sweeps

log = logging.getLogger(__name__)

WORKER_IS_DEAD = timedelta(seconds=15)  # three heartbeats were missed
MAX_STARTS = 3
FORGET_AFTER = timedelta(days=1)
MAX_TASK = timedelta(seconds=settings.TASK_TIMEOUT)


def note_taken(ack: str, payload: str, worker: str) -> None:
    """Note that a worker took a task from the queue; earlier starts of it stay counted."""
    taken = Delivery(ack=ack, payload=payload, worker=worker, taken_at=Now())
    # An upsert: one statement for each task, and not a transaction of four.
    Delivery.objects.bulk_create(
        [taken],
        update_conflicts=True,
        unique_fields=["ack"],
        update_fields=["payload", "worker", "taken_at"],
    )


def count_start(task: dict[str, Any]) -> None:
    """Count a start of a task, before its work."""
    ack = str(task.get("ack_id") or "")
    Delivery.objects.filter(ack=ack).update(starts=F("starts") + 1)


def forget(ack: str) -> None:
    """Forget a task that has ended."""
    Delivery.objects.filter(ack=ack).delete()


def waited() -> timedelta | None:
    """Return how long ago a worker took the oldest task that it has not begun; None if none waits.

    One that has waited longer than for the two tasks before it does not count: it is lost.
    """
    recent = Delivery.objects.filter(taken_at__gt=Now() - 2 * MAX_TASK)
    rows = recent.filter(starts=0).exclude(worker="")
    found: timedelta | None = rows.aggregate(waited=Now() - Min("taken_at"))["waited"]
    return found


def free_dead() -> int:
    """Free the tasks of dead workers, or fail those that killed them; return how many.

    Their leases first, so that the next worker of a task finds its row free.
    """
    # The clock of the database, as in beats and deliveries: that of a dyno may be wrong.
    now = Now()
    # A beat or a start in the future was stored when that clock was wrong.
    living = Heartbeat.objects.filter(beat_at__gt=now - WORKER_IS_DEAD)
    names = living.exclude(sweeps.in_future("beat_at", now)).values("worker")
    leases.free_dead(names, now - WORKER_IS_DEAD)
    taken = Delivery.objects.exclude(worker="").exclude(worker__in=names)
    # A worker that has just started may not have beaten yet.
    long_ago = Q(taken_at__lt=now - WORKER_IS_DEAD) | sweeps.in_future("taken_at", now)
    return sum(_freed(each) for each in taken.filter(long_ago))


def free_of(worker: str) -> None:
    """Free the leases and the tasks of a worker that ends now."""
    leases.free_of(worker)
    for each in Delivery.objects.filter(worker=worker):
        _freed(each)


def _freed(delivery: Delivery) -> bool:
    try:
        return _free(delivery)
    except Exception:  # it does not keep the others from being free
        log.exception("the task stays with its worker ack=%s", delivery.ack)
        return False


@transaction.atomic
def _free(delivery: Delivery) -> bool:
    broker = get_broker()
    broker.hold(delivery.ack)
    mine = Delivery.objects.filter(pk=delivery.pk, worker=delivery.worker)
    # Of two pulses only one frees it.
    if not mine.update(worker=""):
        return False
    if delivery.starts < MAX_STARTS:
        broker.release(delivery.ack, delivery.payload)
    elif _has_ended(delivery):  # its worker died after the result, before the acknowledgement
        broker.acknowledge(delivery.ack)
    else:
        _fail(broker, delivery, timezone.now())
    return True


def _has_ended(delivery: Delivery) -> bool:
    return bool(Task.objects.filter(pk=SignedPackage.loads(delivery.payload)["id"]).exists())


def _fail(broker: Broker, delivery: Delivery, now: datetime) -> None:
    """Store a task among the failed ones, and notify staff."""
    task = SignedPackage.loads(delivery.payload)
    text = f"Its worker died {delivery.starts} times while the task ran. It is not started again."
    Task.objects.create(
        id=task["id"],
        name=task["name"],
        func=task["func"],
        args=task["args"],
        kwargs=task["kwargs"],
        started=delivery.taken_at,
        stopped=now,
        success=False,
        result=text,
        attempt_count=delivery.starts,
    )
    broker.acknowledge(delivery.ack)
    subject = f"A task kills its worker: {task['func']}"
    messages.notify_staff(None, f"killer:{task['id']}", subject, f"{task['name']}: {text}")


def prune() -> int:
    """Forget tasks that were taken long ago and deleted from the queue by hand; return how many."""
    return Delivery.objects.filter(taken_at__lt=timezone.now() - FORGET_AFTER).delete()[0]
