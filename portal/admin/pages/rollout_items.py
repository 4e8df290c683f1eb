"""The tenants of all roll-outs: how far each is, and what was found."""

from typing import Any

from django.contrib import admin

from connect.models import RolloutItem, RolloutItemStatus
from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels import rollout_rows as rows


@admin.register(RolloutItem)
class RolloutItemAdmin(ReadOnlyAdmin):
    list_display = (
        "connection",
        "rollout",
        "wave",
        "coloured_status",
        "step",
        "waiting_for",
        "last_error",
        "finished_at",
    )
    list_filter = ("status", "wave")
    lookups = ("rollout__id__exact",)
    list_select_related = ("connection__tenant", "rollout__template")
    tenant_path = "connection__tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("last_error",)
    search_help_text = f"{search.HELP}, request id"
    found_by = ("last_request_id",)
    exports = (
        "rollout__id",
        "connection__tenant__name",
        "connection__tenant__org_id",
        "wave",
        "status",
        "step",
        "blocked_kind",
        "last_error",
        "last_request_id",
        "finished_at",
    )
    fields = (
        "rollout",
        "connection",
        "wave",
        "target",
        "came_from",
        "status",
        "step",
        "step_since",
        "attempts",
        "next_attempt_at",
        "waiting_for",
        "blocked_kind",
        "last_error",
        "what_to_do",
        "last_request_id",
        "sends",
        "sent_at",
        "was_paused",
        "started_at",
        "finished_at",
        "findings_shown",
        "changes_shown",
    )

    def tone(self, value: Any) -> str:
        return rows.TONES[RolloutItemStatus(value)]

    @admin.display(description="status", ordering="status")
    def coloured_status(self, item: RolloutItem) -> str:
        return rows.badge(item)

    @admin.display(description="what to do")
    def what_to_do(self, item: RolloutItem) -> str:
        return rows.what_to_do(item) or "-"

    @admin.display(description="findings of the check")
    def findings_shown(self, item: RolloutItem) -> str:
        lines = [
            f"{each['severity']}: {each['where']}: {each['text']} {each.get('consequence', '')} "
            f"{each.get('advice', '')} [{each['rule']}]"
            for each in item.findings
        ]
        return show.preformatted("\n".join(lines) or "none")

    @admin.display(description="what changes, and what it costs")
    def changes_shown(self, item: RolloutItem) -> str:
        lines = [
            f"{each['object_name']} {each['name']}: {each['kind'].replace('_', ' ')}. "
            f"{each['cost']}"
            for each in item.changes
        ]
        return show.preformatted("\n".join(lines) or "nothing")
