"""How many calls each peer still accepts."""

from django.contrib import admin
from django.utils import timezone

from connect.clients import budget
from connect.models import ApiBudget
from portal.admin.kit.base import ReadOnlyAdmin


@admin.register(ApiBudget)
class ApiBudgetAdmin(ReadOnlyAdmin):
    list_display = ("name", "left", "remaining", "seen_at")
    ordering = ("peer",)

    @admin.display(description="peer", ordering="peer")
    def name(self, row: ApiBudget) -> str:
        return budget.in_words(row.peer)

    @admin.display(description="calls left now")
    def left(self, row: ApiBudget) -> int:
        return budget.calls_left(row, timezone.now())
