"""The comparisons that were made: when, by whom, and what they found."""

from django.contrib import admin

from connect.models import Reconciliation
from portal.admin.kit.base import ReadOnlyAdmin


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    empty = "The first comparison is made within an hour of the worker's start."
    list_display = ("began_at", "actor", "addons", "found", "error", "ended_at")
    fields = ("began_at", "ended_at", "actor", "addons", "found", "error")
