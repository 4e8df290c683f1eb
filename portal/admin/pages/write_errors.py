"""The fleet's write errors: grouped by cause, down to the single writes."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from connect.health import conditions
from connect.models import WriteError
from connect.write_errors import counts
from portal import show
from portal.actions.write_errors import CHOSEN
from portal.admin.kit import search
from portal.admin.kit.actions import MAX_PRESSES, ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.panels import repairs as panel
from portal.questions import later

MAX_CAUSES = 20


@admin.register(WriteError)
class WriteErrorAdmin(ReadOnlyAdmin, ActionsAdmin):
    """One row for each tenant, object and cause. Its page lists the failed writes."""

    empty = "No failed writes at the last scan. The portal scans every ten minutes."

    change_form_template = "admin/connect/writeerror/change_form.html"
    change_list_template = "admin/connect/writeerror/change_list.html"
    list_display = ("breakable_cause", "failed", "tenant", "table_name", "first_at", "last_at")
    list_filter = ("table_name",)
    lookups = ("cause__exact",)
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
    # How many are left changes while the page follows a repair, so it stands above the writes.
    fields = ("tenant", "table_name", "cause", "first_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WriteError]:
        rows: QuerySet[WriteError] = super().get_queryset(request)
        return rows.filter(conditions.is_live())

    @admin.display(description="cause", ordering="cause")
    def breakable_cause(self, error: WriteError) -> str:
        return show.breakable(error.cause)

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def tenant(self, error: WriteError) -> str:
        return show.link(error.connection.tenant)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = later(request, counts.by_cause.asking(MAX_CAUSES))
        context = {"causes": SimpleLazyObject(asked), **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        error = context["original"]
        context |= self._parts(request, error.pk, error)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- following a repair ----------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.live))
        return [path("<int:pk>/live/", view, name="connect_writeerror_live"), *super().get_urls()]

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the live parts of a cause's page, also after its last failed write has gone."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        parts = self._parts(request, pk, self.get_object(request, str(pk)))
        return TemplateResponse(request, "admin/connect/writeerror/live.html", parts)

    def _parts(self, request: HttpRequest, pk: int, error: WriteError | None) -> dict[str, Any]:
        parts = panel.context(pk, error)
        buttons = self.buttons(request, error) if error and parts["rows"] else []
        presses = self.presses(error)[:MAX_PRESSES] if error else []
        own = {"original": error, "buttons": buttons, "presses": presses, "chosen": CHOSEN}
        own["here"] = self.page_of(error) if error else ""
        return {**parts, **own}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._gone(request, object_id) or super().change_view(
            request, object_id, form_url, extra_context
        )

    def act(self, request: HttpRequest, pk: str, name: str) -> HttpResponseBase:
        known = panel.of_error(pk).exists() if pk.isdecimal() else False
        return (self._gone(request, pk) if known else None) or super().act(request, pk, name)

    def _gone(self, request: HttpRequest, pk: str) -> HttpResponse | None:
        """Lead from a cause that has gone to the list, with the results of its repairs."""
        if not self.has_view_permission(request) or self.get_object(request, pk) is not None:
            return None
        if not pk.isdecimal():
            return None
        self.message_user(request, panel.result_of(int(pk)), messages.INFO)
        again = panel.again(int(pk))
        return HttpResponseRedirect(
            self.page_of(again) if again else reverse("admin:connect_writeerror_changelist")
        )
