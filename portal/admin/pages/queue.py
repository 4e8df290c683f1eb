"""django-q2's pages, read-only. Managers can queue a task again.

One schedule with unreadable arguments stops all schedules, so schedules come from code only. Task
arguments are shown: they are ids and names only.
"""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django_q import admin as stock
from django_q.models import Failure, OrmQ, Schedule, Success

from portal import show
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.names import call, call_fields
from portal.models import Heartbeat

# django-q2 registers its own pages, in which rows can be changed and deleted.
for _model in (Success, Failure, Schedule, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
call(Success, "successful task", "successful tasks")
call(Failure, "failed task", "failed tasks")
call(Schedule, "schedule", "schedules")
call_fields(Schedule, schedule_type="kind", next_run="next run")
call(OrmQ, "queued task", "queued tasks")


class HasFunction(ReadOnlyAdmin):
    """Rows that name a function of the code."""

    @admin.display(description="function", ordering="func")
    def function(self, row: Any) -> str:
        return show.dotted(row.func)


class TaskAdmin(HasFunction, ActionsAdmin):
    """A task that ran."""

    list_display = ("name", "function", "started", "stopped", "time_taken")
    list_filter = ("func",)
    date_hierarchy = "stopped"
    search_fields = ("id", "name", "func")
    fields = (
        "id",
        "name",
        "func",
        "args",
        "kwargs",
        "result",
        "started",
        "stopped",
        "attempt_count",
    )

    @admin.display(description="seconds")
    def time_taken(self, task: Any) -> str:
        return f"{task.time_taken():.2f}"


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    list_display = ("name", "function", "started", "stopped", "short_result")
    short_result = stock.FailAdmin.short_result


@admin.register(Schedule)
class ScheduleAdmin(HasFunction, stock.ScheduleAdmin):  # type: ignore[misc]
    list_display = ("function", "schedule_type", "minutes", "next_run", "last_run", "ended")
    list_display_links = ("function",)
    list_filter = ()

    @admin.display(description="last run")
    def last_run(self, schedule: Any) -> str:
        """Return a link to the task that ran last; its row is pruned after some days."""
        if schedule.task_id is None:
            return "-"
        kind = "success" if schedule.task_success else "failure"
        address = reverse(f"admin:django_q_{kind}_change", args=[schedule.task_id])
        return show.link_to(address, schedule.task_name)

    @admin.display(description="ended")
    def ended(self, schedule: Any) -> str:
        if schedule.task_success is None:
            return "-"
        return show.badge(*(("Done", show.GOOD) if schedule.task_success else ("Failed", show.BAD)))


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "func", "lock")
    ordering = ("id",)
    fields = ("id", "name", "func", "args", "kwargs", "lock")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("worker", "started_at", "beat_at")
