"""What the worker does by the clock. Kept in code: one unreadable row would stop every schedule."""

from typing import Any

from django_q.models import Schedule

# What is due to be done for a tenant is not here: the worker looks for it every second (ADR 0002).
SCHEDULES: dict[str, dict[str, Any]] = {
    "connect.tasks.refresh_health": {"schedule_type": Schedule.MINUTES, "minutes": 5},
    "connect.tasks.check_incidents": {"schedule_type": Schedule.MINUTES, "minutes": 1},
    "connect.tasks.scan_writes": {"schedule_type": Schedule.MINUTES, "minutes": 10},
    "connect.tasks.maintain_health": {"schedule_type": Schedule.MINUTES, "minutes": 10},
    "connect.tasks.prune_health": {"schedule_type": Schedule.DAILY, "minutes": None},
    "connect.tasks.ensure_connections": {"schedule_type": Schedule.MINUTES, "minutes": 10},
    "social.tasks.collect": {"schedule_type": Schedule.MINUTES, "minutes": 15},
    "social.tasks.prune": {"schedule_type": Schedule.DAILY, "minutes": None},
    "connect.tasks.compare_drift": {"schedule_type": Schedule.MINUTES, "minutes": 10},
    "tenants.tasks.prune": {"schedule_type": Schedule.DAILY, "minutes": None},
    "portal.tasks.prune": {"schedule_type": Schedule.DAILY, "minutes": None},
}
# Earlier versions scheduled these; their functions are gone, so each run would fail.
RETIRED = ("portal.tasks.sample_fleet",)


def ensure() -> list[str]:
    """Create or correct each schedule, drop doubles and retired ones; return what was changed."""
    notes = [note for function, rhythm in SCHEDULES.items() for note in _ensure(function, rhythm)]
    return [*notes, *_retire()]


def _retire() -> list[str]:
    rows = Schedule.objects.filter(func__in=RETIRED)
    names = sorted(set(rows.values_list("func", flat=True)))
    rows.delete()
    return [f"schedule {name}: removed" for name in names]


def _ensure(function: str, rhythm: dict[str, Any]) -> list[str]:
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
