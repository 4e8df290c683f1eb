"""One tenant's mappings: the objects that are synchronized, as last seen."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from connect.models import Connection, Mapping
from portal import show
from portal.admin.kit import following, search
from portal.admin.kit.actions import MAX_PRESSES, ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import FailedRowsFilter


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin, ActionsAdmin):
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.follow))
        return [path("<str:pk>/follow/", view, name="connect_mapping_follow"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context["original"]
        known = urlencode({"connection": row.connection_id, "object_name": row.object_name})
        url = reverse("admin:connect_mapping_follow", args=[row.pk])
        context["live_url"] = f"{url}?{known}"
        return super().render_change_form(request, context, *args, **kwargs)

    def follow(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Return the page of a mapping; of one that was deleted, only what was pressed on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if self.get_object(request, unquote(pk)):
            return self.change_view(request, pk)
        presses = list(self.presses(self._gone(request))[:MAX_PRESSES])
        context = {"presses": presses, "every": following.every(presses)}
        return TemplateResponse(request, "admin/connect/mapping/gone.html", context)

    def _gone(self, request: HttpRequest) -> Mapping:
        """Return a deleted mapping as what it was, without its key. Raises Http404."""
        pk = request.GET.get("connection", "")
        found = Connection.objects.select_related("tenant")
        connection = get_object_or_404(found, pk=pk if pk.isdecimal() else 0)
        return Mapping(connection=connection, object_name=request.GET.get("object_name", ""))

    def tone(self, value: Any) -> str:
        return show.mapping_tone(value)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, mapping: Mapping) -> str:
        return show.mapping_state(mapping.state)

    @admin.display(description="configuration")
    def configuration(self, mapping: Mapping) -> str:
        return show.document(mapping.config)
