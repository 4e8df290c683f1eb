"""Health samples: the condition of each connection over time."""

from typing import Any

from django.contrib import admin

from connect.models import HealthSample
from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin


@admin.register(HealthSample)
class HealthSampleAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "connection",
        "coloured_state",
        "mappings_synced",
        "mappings",
        "rows_failed",
    )
    list_select_related = ("connection__tenant",)
    date_hierarchy = "at"
    tenant_path = "connection__tenant"
    lookups = ("connection__id__exact",)
    tally_by = "state"
    tally_newest = True
    search_fields = ("state",)
    search_help_text = search.HELP
    exports = (
        "at",
        "connection__tenant__name",
        "connection__tenant__org_id",
        "state",
        "mappings",
        "mappings_synced",
        "rows_failed",
    )

    def tone(self, value: Any) -> str:
        return show.state_tone(value)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, sample: HealthSample) -> str:
        return show.state(sample.state)
