"""How many calls each peer still accepts."""

from django.contrib import admin
from django.utils import timezone

from connect.clients import budget
from connect.models import ApiBudget
from portal import show
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.columns import of_numbers


@admin.register(ApiBudget)
class ApiBudgetAdmin(ReadOnlyAdmin):
    list_display = ("name", "left", "remaining", "seen_at")
    ordering = ("peer",)

    @admin.display(description="peer", ordering="peer")
    def name(self, row: ApiBudget) -> str:
        return budget.in_words(row.peer)

    @of_numbers
    @admin.display(description="calls left now")
    def left(self, row: ApiBudget) -> str:
        return show.number(budget.calls_left(row, timezone.now()))
