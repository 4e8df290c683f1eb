"""Two probes: /healthz checks that this process answers, /readyz that the portal can work."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from connect.formats import counted
from portal import deliveries
from portal.models import Heartbeat
from portal.project import waiting
from tenants import encryption, sweeps
from tenants.batching import Asking, batched

WORKER_IS_LATE = timedelta(seconds=60)  # it beats every few seconds
RETRY_AFTER = 30  # seconds
START_WORKER = "heroku ps:scale worker=1"
READ_ONLY = "The database is read-only, so nothing can be stored: heroku pg:info."
WRONG_KEY = (
    "No key of SECRET decrypts {}. Put the old key back, behind the new one. If you do not have it,"
    " the command marks the grants as lost: python manage.py rotate_secret."
)


class _Seen:
    """Remembers that all migrations are applied, for the life of this process."""

    migrated = False


def alive() -> dict[str, str]:
    """Return what /healthz answers. `portal` tells two installations apart, and says no more."""
    return {"status": "ok", "portal": salted_hmac("healthz", settings.APP_NAME).hexdigest()[:16]}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests at all."""
    return JsonResponse(alive())


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 with `problems` as text. Ages are in seconds, null when there is none."""
    report = readiness(timezone.now())
    if not report["problems"]:
        return JsonResponse(report)
    return JsonResponse(report, status=503, headers={"Retry-After": str(RETRY_AFTER)})


def readiness(now: datetime) -> dict[str, Any]:
    """Return `status`, `problems`, `worker_heartbeat_age` and `queue_age`."""
    report: dict[str, Any] = {"worker_heartbeat_age": None, "queue_age": None}
    try:
        # Without its tables the rest cannot be asked for.
        problems = _unmigrated() or [
            *_read_only(),
            *waiting.broker_problems(),
            *of_keys(),
            *_late(report, now),
        ]
    except DatabaseError:
        problems = ["The database cannot be reached."]
    return {"status": "not ready" if problems else "ready", "problems": problems, **report}


def of_database() -> list[str]:
    """Return what keeps the portal from storing anything: migrations, a read-only database."""
    return _unmigrated() or _read_only()


def of_keys() -> list[str]:
    """Return which stored values no key of SECRET decrypts."""
    return [WRONG_KEY.format(what) for what in encryption.unreadable()]


def of_work(now: datetime) -> list[str]:
    """Return what keeps work from being done: no worker, or one that is late."""
    return _late({}, now)


def is_late(beat: timedelta | None, waits: timedelta | None) -> bool:
    """Return whether no worker lives, by the ages of the newest heartbeat and the oldest work."""
    # Sooner while work waits: then a worker that is just slow to beat would be at it.
    return beat is None or beat > (deliveries.WORKER_IS_DEAD if waits else WORKER_IS_LATE)


@batched
def heartbeat() -> Asking[waiting.Since | None]:
    """Return the newest heartbeat; None if there is none."""
    # By the clock of the database, which the beats have too.
    beats = Heartbeat.objects.exclude(sweeps.in_future("beat_at", Now()))
    ages = beats.order_by("-beat_at").annotate(age=Now() - F("beat_at"))
    (newest,) = yield [ages.values_list("beat_at", "age")[:1]]
    return waiting.Since(*newest[0]) if newest else None


@batched
def heartbeat_age() -> Asking[timedelta | None]:
    """Return the age of the newest heartbeat; None if there is none."""
    newest = yield from heartbeat.asking()
    return newest.age if newest else None


def _unmigrated() -> list[str]:
    # Reading all migrations costs far more than the other checks, and monitors ask often.
    if _Seen.migrated:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    _Seen.migrated = not plan
    if not plan:
        return []
    verb = "is" if len(plan) == 1 else "are"
    return [f"{counted(len(plan), 'migration')} {verb} not applied: python manage.py migrate."]


def _read_only() -> list[str]:
    # So it is on a standby, after a failover, and when its provider has reached a limit.
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return [READ_ONLY] if cursor.fetchone() == ("on",) else []


def _late(report: dict[str, Any], now: datetime) -> list[str]:
    problems = []
    beat, age = heartbeat_age(), waiting.age(now)
    report["worker_heartbeat_age"] = _seconds(beat)
    report["queue_age"] = _seconds(age)
    if beat is None:
        problems.append(f"No worker has ever run: {START_WORKER}.")
    elif is_late(beat, age):
        problems.append(_no_worker(beat, age))
    if age and age > waiting.QUEUE_IS_LATE:
        waited = f"{age.total_seconds():.0f} s"
        problems.append(f"The oldest queued task has waited {waited}: heroku ps:restart worker.")
    return problems


def _no_worker(beat: timedelta, age: timedelta | None) -> str:
    text = f"The last worker heartbeat is {beat.total_seconds():.0f} s old: {START_WORKER}."
    return f"No worker, and work waits. {text}" if age else text


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(age.total_seconds(), 1)
