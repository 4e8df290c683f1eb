"""What was pressed on each tenant, by a button or in a list, with the outcome."""

from typing import Any

from django.contrib import admin

from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels.bulk import TONES, outcome, text
from portal.models import BulkItem, BulkItemStatus


@admin.register(BulkItem)
class BulkItemAdmin(ReadOnlyAdmin):
    list_display = ("tenant", "run", "who", "result", "said", "attempts", "ended_at")
    list_filter = ("status",)
    lookups = ("run__id__exact", "tenant__id__exact")
    list_select_related = ("tenant", "run")
    ordering = ("-pk",)
    tenant_path = "tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("text",)
    search_help_text = search.HELP
    exports = (
        "run__id",
        "run__label",
        "run__actor",
        "tenant__name",
        "tenant__org_id",
        "status",
        "text",
        "attempts",
        "ended_at",
    )
    fields = ("run", "tenant", "connection", "name", "status", "said", "attempts", "ended_at")

    def tone(self, value: Any) -> str:
        return TONES[BulkItemStatus(value)]

    @admin.display(description="who", ordering="run__actor")
    def who(self, item: BulkItem) -> str:
        return item.run.actor

    @admin.display(description="outcome", ordering="status")
    def result(self, item: BulkItem) -> str:
        return outcome(item.status)

    @admin.display(description="text")
    def said(self, item: BulkItem) -> str:
        return text(item)
