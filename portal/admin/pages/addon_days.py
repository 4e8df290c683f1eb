"""How many add-ons were ordered a day, and the cap of each day."""

from django.contrib import admin

from connect.models import AddonDay
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin


@admin.register(AddonDay)
class AddonDayAdmin(ReadOnlyAdmin, ActionsAdmin):
    empty = "Entries appear when an add-on is ordered."
    list_display = ("day", "ordered", "limit", "extra", "allowed_by")
    ordering = ("-day",)
    fields = ("day", "ordered", "limit", "extra", "allowed_by")
