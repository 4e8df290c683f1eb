"""Tenants that have drifted from their version: what differs, and what staff do about it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from connect.mappings import last_seen, org_changes
from connect.mappings.changes import from_json
from connect.models import Drift, DriftState
from portal import show
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.columns import of_numbers
from portal.admin.panels import comparison

_TONES = {
    DriftState.SAME: show.GOOD,
    DriftState.DRIFTED: show.BAD,
    DriftState.ACCEPTED: show.MUTED,
    DriftState.UNKNOWN: show.WAIT,
}


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin, ActionsAdmin):
    change_form_template = "admin/connect/drift/change_form.html"
    list_display = (
        "connection",
        "coloured_state",
        "differences",
        "in_the_org",
        "template",
        "since",
        "checked_at",
        "reason",
    )
    list_filter = ("state", "template")
    list_select_related = ("connection__tenant", "template")
    tenant_path = "connection__tenant"
    tally_by = "state"
    search_fields = ("reason",)
    search_help_text = search.HELP
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "state",
        "template__version",
        "since",
        "checked_at",
        "reason",
    )
    fields = (
        "connection",
        "template",
        "state",
        "since",
        "checked_at",
        "error",
        "reason",
        "accepted_by",
        "accepted_at",
    )

    def tone(self, value: Any) -> str:
        return _TONES[DriftState(value)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context["original"]
        rows = last_seen.row_counts(row.connection)
        context |= {
            "badge": self.coloured_state(row),
            "left_title": "Live",
            "right_title": str(row.template or "Its version"),
            "sections": comparison.sections(from_json(row.changes), rows),
            "org_changes": org_changes.from_json(row.org_changes),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, row: Drift) -> str:
        return show.badge(row.get_state_display(), _TONES[DriftState(row.state)])

    @of_numbers
    @admin.display(description="differences")
    def differences(self, row: Drift) -> str:
        return f"{len(row.changes):,}"

    @of_numbers
    @admin.display(description="changes in the org")
    def in_the_org(self, row: Drift) -> str:
        return f"{len(row.org_changes):,}"
