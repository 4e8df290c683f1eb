"""What all pages share: nothing is ever deleted, and most rows are the portal's own."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class NoDelete:
    """Tenants are off-boarded, users deactivated, old rows pruned: nobody deletes by hand."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PortalAdmin(NoDelete, ModelAdmin):
    """The base of every page of our own models."""

    list_per_page = 50
    # Counting all rows beside the filtered ones doubles the cost of a list.
    show_full_result_count = False

    def heading(self, row: Any) -> tuple[str, str]:
        """Return the title of a row's page and the line below it."""
        return str(row), capfirst(str(self.opts.verbose_name))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        if obj is not None:
            context["title"], context["subtitle"] = self.heading(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


class ReadOnlyAdmin(PortalAdmin):
    """Rows that the portal writes and staff only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
