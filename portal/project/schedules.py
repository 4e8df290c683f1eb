"""The schedules. They are kept in code, because one unreadable row would stop all of them.

Due work of tenants is not scheduled here: the sweep finds it every second (ADR 0002).
"""

import pydoc
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django_q.models import Schedule

from connect import tasks as connect_tasks
from portal import tasks as portal_tasks
from portal.integrations import observing
from tenants import tasks as tenant_tasks
from tenants.sweeps import MAX_SKEW, name_of

SCHEDULES: dict[str, dict[str, Any]] = {}


def every(minutes: int, function: Callable[[], object]) -> None:
    """Have a function of no arguments run every so many minutes."""
    SCHEDULES[name_of(function)] = {"schedule_type": Schedule.MINUTES, "minutes": minutes}


def daily(function: Callable[[], object]) -> None:
    """Have a function of no arguments run once a day."""
    SCHEDULES[name_of(function)] = {"schedule_type": Schedule.DAILY, "minutes": None}


every(1, connect_tasks.check_incidents)
every(1, observing.observe)
every(5, connect_tasks.refresh_health)
every(10, connect_tasks.scan_writes)
every(10, connect_tasks.maintain_health)
every(10, connect_tasks.ensure_connections)
every(10, connect_tasks.compare_drift)
every(60, connect_tasks.reconcile)
every(10, tenant_tasks.prune_callouts)
every(10, portal_tasks.bring_back)
daily(connect_tasks.prune_health)
daily(connect_tasks.prune_junk)
daily(tenant_tasks.prune)
daily(portal_tasks.prune)


def ensure() -> list[str]:
    """Create or correct each schedule, drop doubles and dead ones; return the changes as text."""
    changed = [note for function, rhythm in SCHEDULES.items() for note in _ensure(function, rhythm)]
    return changed + _drop_dead()


def bring_back() -> int:
    """Let the schedules run whose next time a wrong clock has put too far ahead; return how many.

    The worker asks it at each pulse: what is put off cannot bring itself back.
    """
    now = timezone.now()
    late = [row.pk for row in Schedule.objects.filter(func__in=SCHEDULES) if _is_late(row, now)]
    return int(Schedule.objects.filter(pk__in=late).update(next_run=now))


def _is_late(row: Schedule, now: datetime) -> bool:
    rhythm = timedelta(minutes=row.minutes) if row.minutes else timedelta(days=1)
    return bool(row.next_run and row.next_run > now + rhythm + MAX_SKEW)


def _drop_dead() -> list[str]:
    """Drop the schedules of functions that no longer exist, such as those of a removed use case."""
    rows = Schedule.objects.exclude(func__in=SCHEDULES)
    dead = [row for row in rows if not _exists(row.func)]
    Schedule.objects.filter(pk__in=[row.pk for row in dead]).delete()
    return [f"schedule {row.func}: removed, its function is gone" for row in dead]


def _exists(function: str) -> bool:
    try:
        return pydoc.locate(function) is not None
    except pydoc.ErrorDuringImport:  # an app that is there, but not among INSTALLED_APPS
        return False


def _ensure(function: str, rhythm: dict[str, Any]) -> list[str]:
    # django-q2 counts `repeats` down and stops at 0; a negative number has no end.
    wanted = {**rhythm, "name": function, "args": None, "kwargs": None, "hook": None, "repeats": -1}
    rows = list(Schedule.objects.filter(func=function).order_by("pk"))
    if not rows:
        Schedule.objects.create(func=function, **wanted)
        return [f"schedule {function}: created"]
    Schedule.objects.filter(pk__in=[row.pk for row in rows[1:]]).delete()
    kept = rows[0]
    wrong = {name: value for name, value in wanted.items() if getattr(kept, name) != value}
    Schedule.objects.filter(pk=kept.pk).update(**wrong) if wrong else None
    return [f"schedule {function}: corrected"] if wrong or rows[1:] else []
