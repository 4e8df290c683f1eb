"""The fleet's write errors: grouped by cause, drilled down to rows, sent again or ignored."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from connect import tasks
from connect.health import conditions
from connect.models import WriteError, WriteRepair
from connect.schemas import BadSchemaName
from connect.write_errors import counts, repair, trigger_log
from portal.admin.kit import search, show
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.queue import enqueue_as

MOST_CAUSES = 20
CHOSEN, CONFIRMED = "row", "confirmed"


@admin.register(WriteError)
class WriteErrorAdmin(ReadOnlyAdmin):
    """One row a tenant, object and cause. Its page shows the writes themselves."""

    empty = "Salesforce refused nothing, as last scanned; the portal scans every ten minutes."

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
        "example",
        "failed",
        "first_at",
        "last_at",
    )
    fields = ("tenant", "table_name", "cause", "example", "failed", "first_at", "last_at")
    actions = ("retry", "ignore")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "cause__exact" or super().lookup_allowed(lookup, value, request)

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("connect.repair_writes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WriteError]:
        rows: QuerySet[WriteError] = super().get_queryset(request)
        return rows.filter(conditions.is_live())

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def tenant(self, error: WriteError) -> str:
        return show.link(error.connection.tenant)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        causes = {"causes": counts.by_cause(MOST_CAUSES)}
        return super().changelist_view(request, {**causes, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        error = context["original"]
        context |= {
            "rows": _rows(error),
            "most": trigger_log.MAX_ROWS,
            "may_repair": self.has_repair_permission(request),
            "repairs": error.connection.repairs.filter(cause=error.cause)[:50],
            "chosen": CHOSEN,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- sending again, ignoring -----------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.repair_rows)
        own = path("<int:pk>/repair/<slug:action>/", view, name="connect_writeerror_repair")
        return [own, *super().get_urls()]

    def repair_rows(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Queue a repair of the chosen rows of one cause, or without a choice of all of them."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_repair_permission(request):
            raise PermissionDenied
        error = self.get_object(request, str(pk))
        if error is None or action not in (repair.RETRY, repair.IGNORE):
            raise Http404
        chosen = _chosen(request.POST.getlist(CHOSEN)) or None
        if action == repair.IGNORE and CONFIRMED not in request.POST:
            return self._ask(request, [error], chosen)
        self._queue(request, action, [error], chosen)
        return HttpResponseRedirect(reverse("admin:connect_writeerror_change", args=[pk]))

    @admin.action(description="Retry", permissions=["repair"])
    def retry(self, request: HttpRequest, queryset: QuerySet[WriteError]) -> None:
        """Send all writes of the selected causes again."""
        self._queue(request, repair.RETRY, list(queryset), None)

    @admin.action(description="Ignore", permissions=["repair"])
    def ignore(self, request: HttpRequest, queryset: QuerySet[WriteError]) -> HttpResponse | None:
        """Give up all writes of the selected causes, after a confirmation."""
        if CONFIRMED not in request.POST:
            return self._ask(request, list(queryset), None)
        self._queue(request, repair.IGNORE, list(queryset), None)
        return None

    def _queue(
        self,
        request: HttpRequest,
        action: str,
        errors: list[WriteError],
        chosen: list[tuple[str, int]] | None,
    ) -> None:
        with transaction.atomic():
            for error in errors:
                enqueue_as(
                    f"{action} {error.connection_id}",
                    tasks.repair_writes,
                    error.connection_id,
                    action,
                    error.table_name,
                    error.cause,
                    actor=request.user.get_username(),
                    chosen=chosen,
                )
        count = len(chosen) if chosen else sum(error.failed for error in errors)
        text = f"“{action.capitalize()}” is queued for {count} writes. The result shows below soon."
        self.message_user(request, text, messages.SUCCESS)

    def _ask(
        self,
        request: HttpRequest,
        errors: list[WriteError],
        chosen: list[tuple[str, int]] | None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Ignore failed writes",
            "opts": self.opts,
            "errors": errors,
            "rows": [f"{log}:{number}" for log, number in chosen or ()],
            "count": len(chosen) if chosen else sum(error.failed for error in errors),
            "confirmed": CONFIRMED,
            "chosen": CHOSEN,
        }
        return TemplateResponse(request, "admin/connect/writeerror/ignore.html", context)


def _rows(error: WriteError) -> list[trigger_log.FailedWrite]:
    """Return the writes of a cause; none where the tenant's schema is gone by now."""
    schema = error.connection.schema_name
    try:
        return trigger_log.rows(schema, error.table_name, error.cause)
    except (DatabaseError, BadSchemaName):
        return []


def _chosen(given: list[str]) -> list[tuple[str, int]]:
    """Read "log:id" of ticked rows; what is none of ours is left out."""
    pairs = (text.partition(":") for text in given)
    logs = (trigger_log.LOG, trigger_log.ARCHIVE)
    return [(log, int(number)) for log, _, number in pairs if log in logs and number.isdecimal()]


@admin.register(WriteRepair)
class WriteRepairAdmin(ReadOnlyAdmin):
    """What came of the writes that somebody sent again or ignored."""

    list_display = (
        "asked_at",
        "action",
        "actor",
        "connection",
        "table_name",
        "record_id",
        "coloured_result",
        "message",
        "ended_at",
    )
    list_filter = ("result", "action", "table_name")
    list_select_related = ("connection__tenant",)
    date_hierarchy = "asked_at"
    tenant_path = "connection__tenant"
    search_fields = ("cause",)
    search_help_text = f"{search.HELP}, who asked for it"
    found_by = ("actor",)

    @admin.display(description="result", ordering="result")
    def coloured_result(self, row: WriteRepair) -> str:
        if not row.result:
            return show.badge("under way", show.BUSY)
        return show.badge(row.result, show.BAD if row.result == "FAILED" else show.GOOD)
