"""Who finds a row again when its task is lost: the queue holds hints, the database the truth.

`tenants.queue` queues a function only if it is registered here. So each task has a row that is due,
and the worker's pulse or a schedule queues it again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils import timezone

from tenants import batching

# A task that was lost with its worker is queued again after this time.
REQUEUE_AFTER = timedelta(seconds=60)


# The clocks of two dynos differ by less; a time further ahead was stored by a clock that was wrong.
MAX_SKEW = timedelta(minutes=5)


# The portal plans nothing further ahead, except for the end of a pause.
MAX_PAUSE = timedelta(days=4)


class Unswept(LookupError):
    """Nothing would find the work again if this task were lost."""


def _tells_nothing(now: datetime) -> None:
    """Return no query: how long a row has been due says nothing about the worker."""


@dataclass(frozen=True)
class Sweep:
    """Finds the due rows of one kind; the worker runs it every second in which there are any.

    `due`            returns the query of what `queue_due` would take; None where nothing can be.
    `queue_due`      queues a task for each due row whose task is lost: queued so long ago.
    `oldest`         returns the query of since when the oldest row has been due that nobody works
                     on; None where that tells nothing.
    """

    name: str
    tasks: tuple[Callable[..., object], ...]
    due: Callable[[timedelta], QuerySet[Any, Any] | None]
    queue_due: Callable[[timedelta], int]
    oldest: Callable[[datetime], QuerySet[Any, Any] | None] = _tells_nothing


_SWEEPS: dict[str, Sweep] = {}
_FOUND_BY: dict[str, str] = {}


def register(sweep: Sweep) -> None:
    """Have the worker run a sweep; its tasks may then be queued."""
    _SWEEPS[sweep.name] = sweep
    for function in sweep.tasks:
        _FOUND_BY[name_of(function)] = sweep.name


def by_schedule(schedule: Callable[[], object], *tasks: Callable[..., object]) -> None:
    """Let tasks be queued that a scheduled function queues again by itself."""
    for function in tasks:
        _FOUND_BY[name_of(function)] = name_of(schedule)


def every() -> list[Sweep]:
    """Return all sweeps."""
    return list(_SWEEPS.values())


def found_by() -> dict[str, str]:
    """Return, for each task's name, the name of its sweep or of its scheduled function."""
    return dict(_FOUND_BY)


def require(function: Callable[..., object]) -> str:
    """Return a function's name. Raises Unswept."""
    name = name_of(function)
    if name not in _FOUND_BY:
        raise Unswept(f"{name} has no sweep: register it in tenants.sweeps")
    return name


def run(again_after: timedelta = REQUEUE_AFTER) -> int:
    """Run all sweeps; return how many tasks were queued."""
    return sum(sweep.queue_due(again_after) for sweep in every())


def with_work(again_after: timedelta) -> list[Sweep]:
    """Return the sweeps that would find something, asked in one statement for all of them."""
    asked = [(sweep, sweep.due(again_after)) for sweep in every()]
    possible = [(sweep, rows[:1]) for sweep, rows in asked if rows is not None]
    found = batching.together(*(rows for _, rows in possible))
    return [sweep for (sweep, _), first in zip(possible, found, strict=True) if first]


# --- for sweeps ----------------------------------------------------------------------------------


def mark_queued(
    rows: QuerySet[Any], limit: int, again_after: timedelta, mark: datetime | None = None
) -> list[int]:
    """Return the ids of due rows whose task is lost or missing, marked so that each is queued once.

    For every model with the fields `queued_at`, which gets `mark` or now, and `next_attempt_at`.
    """
    with transaction.atomic():
        # Skipping locked rows, two workers that sweep at once share the rows between them.
        ids = list(due(rows, again_after).select_for_update(skip_locked=True)[:limit])
        marked = rows.model._default_manager.filter(pk__in=ids)
        marked.update(queued_at=mark or timezone.now())
    return ids


def due(rows: QuerySet[Any, Any], again_after: timedelta) -> QuerySet[Any, Any]:
    """Return the query of the ids of due rows whose task is lost or missing, the oldest first."""
    now = timezone.now()
    wanted = rows.filter(unqueued(now, again_after), next_attempt_at__lte=now)
    ids: QuerySet[Any, Any] = wanted.order_by("next_attempt_at").values_list("pk", flat=True)
    return ids


def unqueued(now: datetime, again_after: timedelta) -> Q:
    """Match the rows without a task in the queue, or whose task must have been lost."""
    return Q(queued_at=None) | Q(queued_at__lte=now - again_after) | in_future("queued_at", now)


def in_future(name: str, now: datetime | Combinable) -> Q:
    """Match rows whose time of this name cannot have come from a right clock."""
    return Q(**{f"{name}__gt": now + MAX_SKEW})


def is_future(at: datetime, now: datetime) -> bool:
    """Return whether a time cannot have come from a right clock."""
    return at > now + MAX_SKEW


def bring_back(now: datetime) -> int:
    """Make due what a wrong clock has put off for longer than the portal ever waits.

    For every model with the field `next_attempt_at`; return how many rows.
    """
    models = [each for each in apps.get_models() if hasattr(each, "next_attempt_at")]
    own = [each for each in models if not each._meta.proxy]
    return sum(_put_off(each, now).update(next_attempt_at=now) for each in own)


def _put_off(model: type[Model], now: datetime) -> QuerySet[Any]:
    rows = model._default_manager.filter(next_attempt_at__gt=now + MAX_PAUSE)
    # Staff may pause a connection for as long as they like.
    return rows.filter(paused_until=None) if hasattr(model, "paused_until") else rows


def oldest(rows: QuerySet[Any], now: datetime) -> QuerySet[Any, Any]:
    """Return the query of since when the oldest of these rows is due."""
    due = rows.filter(next_attempt_at__lte=now).order_by("next_attempt_at")
    times: QuerySet[Any, Any] = due.values_list("next_attempt_at", flat=True)
    return times[:1]


def name_of(function: Callable[..., object]) -> str:
    """Return the dotted name under which a worker finds a function."""
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__} cannot be found by its name")
    return f"{function.__module__}.{function.__qualname__}"
