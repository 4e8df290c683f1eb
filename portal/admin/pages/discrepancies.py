"""Where Heroku and the portal differ: what costs money unseen, and what is missing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html

from connect.inventory import compare
from connect.models import Discrepancy, DiscrepancyKind, Reconciliation
from portal import moments, show
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import AttentionFilter
from portal.questions import later

_TONES = {
    DiscrepancyKind.ORPHAN: show.BAD,
    DiscrepancyKind.DOUBLED: show.BAD,
    DiscrepancyKind.MISSING: show.BAD,
    DiscrepancyKind.CHANGED: show.WAIT,
}


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin, ActionsAdmin):
    """Open ones need staff. Those that have ended say how."""

    list_display = ("addon_name", "coloured_kind", "text", "tenant", "found_at", "ended_at")
    list_filter = (AttentionFilter, "kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "row__tenant")
    tenant_path = "tenant"
    search_fields = ("addon_id",)
    search_help_text = f"{search.HELP}, add-on id"
    found_by = ("addon_id",)
    exports = ("addon_name", "kind", "text", "plan", "found_at", "ended_at", "outcome")
    fields = (
        "coloured_kind",
        "text",
        "outcome",
        "addon_name",
        "addon_id",
        "plan",
        "connection_id",
        "region_url",
        "tenant",
        "row",
        "found_at",
        "seen_at",
        "owner",
        "snoozed_until",
        "snooze_note",
        "ended_at",
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = later(request, compare.whole()[:1])
        empty = SimpleLazyObject(lambda: _empty(*asked()))
        context = {"empty": empty, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description="difference", ordering="kind")
    def coloured_kind(self, row: Discrepancy) -> str:
        tone = show.MUTED if row.ended_at else _TONES[DiscrepancyKind(row.kind)]
        return show.badge(row.get_kind_display(), tone)


def _empty(run: Reconciliation | None = None) -> str:
    if run is None:
        return "Nothing was compared yet. The portal compares once a day."
    return format_html("{}: {}", moments.element(run.began_at, alone=True), compare.summary(run))
