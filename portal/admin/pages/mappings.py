"""One tenant's mappings: the objects that are synchronized, as last seen."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.http import urlencode

from connect.models import Connection, Mapping
from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import FailedRowsFilter
from portal.admin.kit.following import FollowingAdmin


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin, FollowingAdmin):
    list_display = (
        "object_name",
        "connection",
        "coloured_state",
        "access",
        "rows_in_database",
        "rows_in_salesforce",
        "rows_pending",
        "rows_failed",
        "seen_at",
    )
    list_filter = (FailedRowsFilter,)
    list_select_related = ("connection__tenant",)
    tenant_path = "connection__tenant"
    tally_by = "state"
    search_fields = ("object_name",)
    search_help_text = f"{search.HELP}, object"
    found_by = ("object_name", "mapping_id")
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "object_name",
        "state",
        "access",
        "rows_in_database",
        "rows_in_salesforce",
        "rows_pending",
        "rows_failed",
        "seen_at",
    )
    fields = (
        "connection",
        "object_name",
        "mapping_id",
        "state",
        "description",
        "access",
        "rows_in_database",
        "rows_in_salesforce",
        "rows_pending",
        "rows_failed",
        "seen_at",
        "configuration",
    )

    def follow_url(self, row: Any) -> str:
        known = urlencode({"connection": row.connection_id, "object_name": row.object_name})
        return f"{super().follow_url(row)}?{known}"

    def row_to_follow(self, request: HttpRequest, pk: str) -> Any:
        """Return the mapping; one that was deleted as what it was, without its key."""
        connection = request.GET.get("connection", "")
        found = self.get_object(request, pk)
        if found or not connection.isdecimal():
            return found
        gone = Connection.objects.select_related("tenant").filter(pk=connection).first()
        name = request.GET.get("object_name", "")
        return gone and Mapping(connection=gone, object_name=name)

    def tone(self, value: Any) -> str:
        return show.mapping_tone(value)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, mapping: Mapping) -> str:
        return show.mapping_state(mapping.state)

    @admin.display(description="configuration")
    def configuration(self, mapping: Mapping) -> str:
        return show.document(mapping.config)
