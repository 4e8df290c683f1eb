"""django-q2's own pages, made safe: read-only, and a task is queued again by Managers alone.

One schedule with unreadable arguments stops all schedules, so schedules come from code only.
Arguments are shown as they are: by construction they hold ids and names.
"""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q import admin as stock
from django_q.models import Failure, OrmQ, Schedule, Success

from portal.admin.kit.base import ReadOnlyAdmin
from portal.models import Heartbeat
from tenants.queue import enqueue_again

for _model in (Success, Failure, Schedule, OrmQ):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class TaskAdmin(ReadOnlyAdmin):
    """A task that ran."""

    list_display = ("name", "func", "started", "stopped", "time_taken")
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
    actions = ("queue_again",)

    def has_resubmit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_q.add_ormq")

    @admin.action(description="Resubmit to the queue", permissions=["resubmit"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Queue tasks again. Where a task acts for a person, that is now whoever resubmits it."""
        actor = {"actor": request.user.get_username()}
        with transaction.atomic():
            tasks = list(queryset)
            for task in tasks:
                enqueue_again(task, **(actor if "actor" in (task.kwargs or {}) else {}))
            self.after_queueing(tasks)
        self.message_user(request, f"Queued {len(tasks)} again.", messages.SUCCESS)

    def after_queueing(self, tasks: list[Any]) -> None:
        """Settle what is to become of the old rows."""

    @admin.display(description="seconds")
    def time_taken(self, task: Any) -> str:
        return f"{task.time_taken():.2f}"


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    list_display = ("name", "func", "started", "stopped", "short_result")
    short_result = stock.FailAdmin.short_result

    def after_queueing(self, tasks: list[Any]) -> None:
        Failure.objects.filter(pk__in=[task.pk for task in tasks]).delete()


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin, stock.ScheduleAdmin):  # type: ignore[misc]
    list_display = (
        "name",
        "func",
        "schedule_type",
        "minutes",
        "next_run",
        "get_last_run",
        "get_success",
    )
    list_display_links = ("name",)
    list_filter = ()


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "func", "lock")
    ordering = ("id",)
    fields = ("id", "name", "func", "args", "kwargs", "lock")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("worker", "started_at", "beat_at")
