"""Failed writes that staff retried or ignored, with the result of each."""

from django.contrib import admin

from connect.models import WriteRepair
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels import repairs


@admin.register(WriteRepair)
class WriteRepairAdmin(ReadOnlyAdmin):
    list_display = (
        "asked_at",
        "action",
        "actor",
        "connection",
        "table_name",
        "record_id",
        "coloured_result",
        "what_to_do",
        "reason",
        "message",
        "ended_at",
    )
    list_filter = ("result", "reason", "action", "table_name")
    list_select_related = ("connection__tenant",)
    date_hierarchy = "asked_at"
    tenant_path = "connection__tenant"
    search_fields = ("cause",)
    search_help_text = f"{search.HELP}, who asked for it"
    found_by = ("actor",)

    @admin.display(description="result", ordering="result")
    def coloured_result(self, row: WriteRepair) -> str:
        return repairs.badge(row)

    @admin.display(description="what to do")
    def what_to_do(self, row: WriteRepair) -> str:
        return repairs.what_to_do(row) or "-"
