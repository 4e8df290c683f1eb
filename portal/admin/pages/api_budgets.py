"""How many calls each peer still accepts."""

from django.contrib import admin

from connect.models import ApiBudget
from portal.admin.kit.base import ReadOnlyAdmin


@admin.register(ApiBudget)
class ApiBudgetAdmin(ReadOnlyAdmin):
    list_display = ("peer", "remaining", "seen_at")
    ordering = ("peer",)
