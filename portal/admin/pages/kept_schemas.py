"""The schemas that off-boarding has kept: how large and old each is, to export or to drop."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

from connect import databases, kept_schemas
from connect.kept_schemas import Sizes
from connect.models import KeptSchema
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels import schema_export

_AWAY, _GONE = "unknown: its database does not answer", "not there any more"


@admin.register(KeptSchema)
class KeptSchemaAdmin(ReadOnlyAdmin, ActionsAdmin):
    """The oldest come first. Sizes are asked of the databases when the page is opened."""

    change_form_template = "admin/connect/keptschema/change_form.html"
    list_display = ("schema_name", "tenant", "offboarded_at", "size", "database")
    list_filter = ("host_app__database",)
    list_select_related = ("tenant", "host_app")
    date_hierarchy = "offboarded_at"
    ordering = ("offboarded_at", "pk")
    tenant_path = "tenant"
    search_fields = ("schema_name",)
    search_help_text = search.HELP
    empty = "The schema of a connection that has ended is listed here, if it was kept."
    fields = ("schema_name", "tenant", "generation", "offboarded_at", "size", "database")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("tenant", "host_app")
        return rows

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed: ChangeList = super().get_changelist_instance(request)
        # Asked for the whole page at once.
        listed.result_list = list(listed.result_list)
        found = kept_schemas.sizes(listed.result_list)
        for row in listed.result_list:
            row.sizes = found
        return listed

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), str(row.tenant)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["schema_url"] = schema_export.address(request, context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="size")
    def size(self, row: Any) -> str:
        found: Sizes = row.sizes if hasattr(row, "sizes") else kept_schemas.sizes([row])
        if row.pk not in found:
            return _AWAY
        size = found[row.pk]
        return _GONE if size is None else filesizeformat(size)

    @admin.display(description="database")
    def database(self, row: Any) -> str:
        return databases.alias_of(row)
