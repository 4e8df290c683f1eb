"""Registration callouts, as they came in and as they were answered."""

from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.lists import Tally
from tenants.models import Callout


@admin.register(Callout)
class CalloutAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "status", "outcome", "tenant", "signed", "remote_address")
    list_filter = ("signed", "truncated")
    list_select_related = ("tenant",)
    date_hierarchy = "received_at"
    tenant_path = "tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("outcome",)
    search_help_text = f"{search.HELP}, remote address, request id"
    found_by = ("request_id",)
    exports = (
        "received_at",
        "status",
        "outcome",
        "tenant__name",
        "tenant__org_id",
        "signed",
        "remote_address",
    )
    fields = (
        "received_at",
        "request_id",
        "remote_address",
        "content_type",
        "signed",
        "truncated",
        "status",
        "outcome",
        "tenant",
        "body_as_sent",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Callout]:
        callouts: QuerySet[Callout] = super().get_queryset(request)
        return callouts.defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            ip_address(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(remote_address=search_term.strip()), False

    def tally(
        self, request: HttpRequest, label: Any, count: int, parameter: str, value: Any
    ) -> Tally:
        return super().tally(request, f"answered {label}", count, parameter, value)

    def tone(self, value: Any) -> str:
        return show.GOOD if value < 400 else show.BAD if value >= 500 else show.WAIT

    @admin.display(description="body")
    def body_as_sent(self, callout: Callout) -> str:
        return show.preformatted(callout.text)
