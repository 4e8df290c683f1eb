"""Two probes: /healthz checks that this process answers, /readyz that the portal can work."""

from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from portal.models import Heartbeat
from tenants import encryption

WORKER_IS_LATE = timedelta(seconds=60)  # it beats every few seconds
QUEUE_IS_LATE = timedelta(minutes=5)
WRONG_KEY = (
    "No key of SECRET decrypts the newest Salesforce grant. Put the old key back, behind the new"
    " one. If it is lost: python manage.py rotate_secret."
)


class _Seen:
    """Remembers that all migrations are applied, for the life of this process."""

    migrated = False


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests at all."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 with `problems` as text. Ages are in seconds, null when there is none."""
    report = readiness(timezone.now())
    return JsonResponse(report, status=503 if report["problems"] else 200)


def readiness(now: datetime) -> dict[str, Any]:
    """Return `status`, `problems`, `worker_heartbeat_age` and `queue_age`."""
    report: dict[str, Any] = {"worker_heartbeat_age": None, "queue_age": None}
    try:
        # Without its tables the rest cannot be asked for.
        problems = _unmigrated() or [*_unreadable(), *_late(report, now)]
    except DatabaseError:
        problems = ["The database cannot be reached."]
    return {"status": "not ready" if problems else "ready", "problems": problems, **report}


def heartbeat_age(now: datetime) -> timedelta | None:
    """Return the age of the newest heartbeat; None if there is none."""
    beat = Heartbeat.objects.order_by("-beat_at").first()
    return now - beat.beat_at if beat else None


def queue_age(now: datetime) -> timedelta | None:
    """Return how long the oldest task of the database's queue has waited for a worker.

    django-q2 keeps in `lock` the moment from which a task may be taken, so tasks under work lie in
    the future. With the Redis broker there are no rows, and the answer is None.
    """
    oldest: datetime | None = OrmQ.objects.filter(lock__lt=now).aggregate(at=Min("lock"))["at"]
    return now - oldest if oldest else None


def _unmigrated() -> list[str]:
    # Reading all migrations costs far more than the other checks, and monitors ask often.
    if _Seen.migrated:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    _Seen.migrated = not plan
    return [f"{len(plan)} migrations are not applied: python manage.py migrate."] if plan else []


def _unreadable() -> list[str]:
    return [] if encryption.is_key_right() else [WRONG_KEY]


def _late(report: dict[str, Any], now: datetime) -> list[str]:
    problems = []
    beat, queue = heartbeat_age(now), queue_age(now)
    report["worker_heartbeat_age"] = _seconds(beat)
    report["queue_age"] = _seconds(queue)
    if beat is None:
        problems.append("No worker has ever run: heroku ps:scale worker=1.")
    elif beat > WORKER_IS_LATE:
        problems.append(f"The last worker heartbeat is {beat.total_seconds():.0f} s old.")
    if queue and queue > QUEUE_IS_LATE:
        problems.append(f"The oldest queued task has waited {queue.total_seconds():.0f} s.")
    return problems


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(age.total_seconds(), 1)
