"""The tenants of all bulk runs, with the result of each."""

from typing import Any

from django.contrib import admin

from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels.bulk import TONES
from portal.models import BulkItem, BulkItemStatus


@admin.register(BulkItem)
class BulkItemAdmin(ReadOnlyAdmin):
    list_display = ("tenant", "run", "outcome", "text", "attempts", "ended_at")
    list_filter = ("status",)
    lookups = ("run__id__exact",)
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
    fields = ("run", "tenant", "connection", "status", "text", "attempts", "ended_at")

    def tone(self, value: Any) -> str:
        return TONES[BulkItemStatus(value)]

    @admin.display(description="outcome", ordering="status")
    def outcome(self, item: BulkItem) -> str:
        return show.badge(item.get_status_display(), TONES[BulkItemStatus(item.status)])
