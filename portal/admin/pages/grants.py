"""Salesforce grants: who consented to what, without the tokens."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import SalesforceGrant


@admin.register(SalesforceGrant)
class SalesforceGrantAdmin(ReadOnlyAdmin):
    """The tokens are not read from the database here."""

    list_display = ("tenant", "username", "status", "instance_url", "issued_at", "refreshed_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    ordering = ("-pk",)
    tenant_path = "tenant"
    tally_by = "status"
    search_fields = ("username",)
    search_help_text = search.HELP
    found_by = ("username", "user_id")
    exports = ("tenant__name", "tenant__org_id", "username", "status", "instance_url", "issued_at")
    fields = (
        "tenant",
        "username",
        "user_id",
        "status",
        "instance_url",
        "identity_url",
        "scopes",
        "issued_at",
        "refreshed_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SalesforceGrant]:
        grants: QuerySet[SalesforceGrant] = super().get_queryset(request)
        return grants.defer("access_token", "refresh_token")
