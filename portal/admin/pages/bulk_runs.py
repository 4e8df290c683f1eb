"""Runs: what staff pressed, and how far each is. The list shows those of many targets."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from portal import counts, moments, show
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import AttentionFilter
from portal.admin.panels import bulk as panel
from portal.models import BulkItem, BulkRun


class SizeFilter(admin.SimpleListFilter):
    """Runs of many targets, unless those of one are asked for: a tenant's page shows its own."""

    title = "size"
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("one", "Of one"), ("any", "Of any size")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        of_all, *others = super().choices(changelist)
        yield {**of_all, "display": "Of many"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[BulkRun]) -> QuerySet[BulkRun]:
        if self.value() == "any":
            return queryset
        return queryset.filter(total=1) if self.value() == "one" else queryset.filter(total__gt=1)


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin, ActionsAdmin):
    empty = "Select tenants in their list and choose an action. Its progress is shown here."
    change_form_template = "admin/portal/bulkrun/change_form.html"
    list_display = (
        "what",
        "actor",
        "created_at",
        "state",
        "why",
        "progress",
        "finished_at",
    )
    list_filter = (AttentionFilter, SizeFilter, "action")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    search_fields = ("actor", "label")

    def rows_of_page(self, request: HttpRequest, listed: ChangeList) -> Any:
        items = BulkItem.objects.all()
        ended = {
            f"items_{status.value}": counts.of(items.filter(status=status), "run")
            for status in panel.ENDED
        }
        return super().rows_of_page(request, listed).annotate(**ended)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/live/", view(self.live), name="portal_bulkrun_live"),
            *super().get_urls(),
        ]

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), format_html(
            "requested by {}, {}", row.actor, moments.element(row.created_at, alone=True)
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= panel.progress(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the parts of the page that change during the run."""
        run: BulkRun | None = self.get_object(request, str(pk))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None:
            raise Http404
        context = {**panel.progress(run), "buttons": self.buttons(request, run)}
        return TemplateResponse(request, "admin/portal/bulkrun/live.html", context)

    @admin.display(description="what", ordering="pk")
    def what(self, run: BulkRun) -> str:
        return str(run)

    @admin.display(description="state")
    def state(self, run: BulkRun) -> str:
        return show.badge(*panel.state(run, _counts(run)))

    @admin.display(description="why")
    def why(self, run: BulkRun) -> str:
        return panel.waits_for(run)

    @admin.display(description="tenants")
    def progress(self, run: BulkRun) -> str:
        return panel.bar(run, _counts(run)).render()


def _counts(run: Any) -> dict[str, int]:
    return {status.value: getattr(run, f"items_{status.value}") for status in panel.ENDED}
