"""The fleet's write errors: grouped by cause, down to the single writes."""

from typing import Any

from django.contrib import admin
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from connect.health import conditions
from connect.models import WriteError
from connect.schemas import BadSchemaName
from connect.write_errors import counts, trigger_log
from portal import show
from portal.actions.write_errors import CHOSEN
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin

MAX_CAUSES = 20
MAX_REPAIRS = 50


@admin.register(WriteError)
class WriteErrorAdmin(ReadOnlyAdmin, ActionsAdmin):
    """One row for each tenant, object and cause. Its page lists the failed writes."""

    empty = "No failed writes at the last scan. The portal scans every ten minutes."

    change_form_template = "admin/connect/writeerror/change_form.html"
    change_list_template = "admin/connect/writeerror/change_list.html"
    list_display = ("cause", "failed", "tenant", "table_name", "first_at", "last_at")
    list_filter = ("table_name",)
    list_select_related = ("connection__tenant",)
    tenant_path = "connection__tenant"
    search_fields = ("cause",)
    search_help_text = f"{search.HELP}, object"
    found_by = ("table_name",)
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "table_name",
        "cause",
        "failed",
        "first_at",
        "last_at",
    )
    fields = ("tenant", "table_name", "cause", "example", "failed", "first_at", "last_at")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django refuses filters that are not in list_filter; the dashboard links with this one.
        return lookup == "cause__exact" or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WriteError]:
        rows: QuerySet[WriteError] = super().get_queryset(request)
        return rows.filter(conditions.is_live())

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def tenant(self, error: WriteError) -> str:
        return show.link(error.connection.tenant)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        causes = {"causes": counts.by_cause(MAX_CAUSES)}
        return super().changelist_view(request, {**causes, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        error = context["original"]
        rows = _rows(error)
        context |= {
            "buttons": self.buttons(request, error) if rows else [],
            "rows": rows,
            "most": trigger_log.MAX_ROWS,
            "repairs": error.connection.repairs.filter(cause=error.cause)[:MAX_REPAIRS],
            "chosen": CHOSEN,
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _rows(error: WriteError) -> list[trigger_log.FailedWrite]:
    """Return the writes of a cause; none if the schema no longer exists."""
    schema = error.connection.schema_name
    try:
        return trigger_log.rows(schema, error.table_name, error.cause)
    except (DatabaseError, BadSchemaName):
        return []
