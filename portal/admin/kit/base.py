"""Base classes of all admin pages."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe

from portal import audit, show
from portal.admin.kit import columns, lists, saved, search
from portal.admin.kit.audited import Audited
from portal.admin.kit.declared import DeclaredLookups
from portal.admin.kit.lists import Tally
from portal.admin.kit.saved import Preset
from portal.models import AuditKind
from portal.navigation import counts
from portal.questions import Answer, later
from tenants import batching

Tallies = Callable[[], list[Tally]]


class NoDelete(Audited, DeclaredLookups):
    """Nothing is deleted by hand: tenants are off-boarded, users deactivated, old rows pruned."""

    # Counting all rows as well as the filtered ones doubles the cost of a list.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # the tallies show the counts at a fixed cost

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.refuse_forged(request)
        # The menu's counts are asked with what the list asks.
        counts.ask(request)
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return columns.in_list(self.model, super().get_list_display(request))

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **how: Any
    ) -> lists.CappedPaginator:
        return lists.CappedPaginator(request, queryset, per_page)

    def refuse_forged(self, request: HttpRequest) -> None:
        """Raise PermissionDenied for an action that the list does not offer to this person.

        Django only says that none was selected, which leaves no trace.
        """
        forged = {*request.POST.getlist("action")} - {"", *self.get_actions(request)}
        if forged:
            raise PermissionDenied(f"this list does not offer {', '.join(sorted(forged))}")


class PortalAdmin(NoDelete):
    """The base of every page of our own models."""

    list_per_page = 50

    empty = "Entries appear here automatically."  # what an empty list says
    tally_by = ""  # the field whose values are counted on top of the list
    tally_newest = False  # count only the newest rows, because the table grows without limit
    exports: Sequence[str] = ()  # the columns of the CSV file, as paths from the row
    # The lookup path from a row to its tenant: rows are then found by the tenant's ids.
    tenant_path = ""
    found_by: Sequence[str] = ()  # fields for exact search; each needs an index
    presets: Sequence[Preset] = ()  # filters that everybody has, beside the own ones

    def heading(self, row: Any) -> tuple[str, str]:
        """Return the title of a row's page and the line below it."""
        return str(row), capfirst(str(self.opts.verbose_name))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "tallies": SimpleLazyObject(self.tallies(request)),
            "tallies_of_newest": self.tally_newest,
            "may_export": bool(self.exports),
            "empty": self.empty,
            "saved": saved.shown(request, self.opts.label_lower, self.presets),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed: ChangeList = super().get_changelist_instance(request)
        listed.result_list = self.rows_of_page(request, listed)
        return listed

    def rows_of_page(self, request: HttpRequest, listed: ChangeList) -> Any:
        """Return the rows of a page. Only their keys are put in order: to join all rows of a long
        list before that would cost more than the rest.
        """
        order = listed.get_ordering(request, listed.root_queryset)
        rows = listed.root_queryset.filter(pk__in=listed.result_list.values("pk")).order_by(*order)
        return rows if rows.query.select_related else listed.apply_select_related(rows)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # Without Django's links beside it, which open windows of their own.
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def declared_lookups(self) -> set[str]:
        tallied = {f"{self.tally_by}__exact"} if self.tally_by else set()
        return super().declared_lookups() | tallied

    # --- counts by state -------------------------------------------------------------------------

    def tallies(self, request: HttpRequest) -> Tallies:
        """Ask for the number of rows by state; each number leads to the rows that it counts."""
        if not self.tally_by:
            return list
        counted = lists.count_by(self.model, self.tally_by, newest=self.tally_newest)
        return partial(self._tallies, request, later(request, counted))

    def _tallies(self, request: HttpRequest, counted: Answer) -> list[Tally]:
        labels = dict(self.model._meta.get_field(self.tally_by).flatchoices)
        parameter = f"{self.tally_by}__exact"
        return [
            self.tally(request, labels.get(value, value), count, parameter, value)
            for value, count in counted()
            if value not in ("", None)
        ]

    def tally(
        self, request: HttpRequest, label: Any, count: int, parameter: str, value: Any
    ) -> Tally:
        """Return one count. The count of the active filter links back to all rows."""
        current = request.GET.get(parameter) == str(value)
        url = "?" if current else f"?{urlencode({parameter: value})}"
        return Tally(capfirst(str(label)), count, url, self.tone(value), current)

    def tone(self, value: Any) -> str:
        """Return the colour of a value of `tally_by`."""
        return show.MUTED

    # --- search ----------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not self.tenant_path:
            return super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            # False: no row comes twice, so Django need not make them distinct.
            return queryset, False
        by_tenant = {f"{self.tenant_path}__in": search.tenants(search_term)}
        if not self.found_by:
            return queryset.filter(**by_tenant), False
        # A union of simple queries: an OR condition would not use the indexes.
        rows = self.model._default_manager.order_by()
        own = [rows.filter(**{field: search_term.strip()}) for field in self.found_by]
        found = batching.union(*(each.values("pk") for each in (rows.filter(**by_tenant), *own)))
        return queryset.filter(pk__in=found), False

    # --- saved filters ---------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        save, forget = view(require_POST(self.save_filter)), view(require_POST(self.forget_filter))
        own = [
            path("filters/", save, name=f"{name}_save_filter"),
            path("filters/<int:pk>/forget/", forget, name=f"{name}_forget_filter"),
        ]
        export = path("export/", view(require_safe(self.export)), name=f"{name}_export")
        # Before Django's own, which take any path for a row's key.
        return [*own, *([export] if self.exports else []), *super().get_urls()]

    def save_filter(self, request: HttpRequest) -> HttpResponse:
        """Keep the filters of the address under a name, for the one who asks."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            self.get_changelist_instance(request)  # refuses an unknown filter
        except IncorrectLookupParameters:
            return HttpResponseBadRequest("These filters do not exist.", content_type="text/plain")
        return saved.save(request, self.opts.label_lower)

    def forget_filter(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete a filter that the one who asks has saved."""
        return saved.forget(request, self.opts.label_lower, pk)

    # --- CSV -------------------------------------------------------------------------------------

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Return the filtered rows as a CSV file."""
        # admin_view asks only whether the user is staff.
        if not self.has_view_permission(request):
            raise PermissionDenied
        all_pages = request.GET.copy()
        all_pages.pop(PAGE_VAR, None)
        request.GET = all_pages  # type: ignore[assignment]  # a QueryDict is one, changed or not
        try:
            # Django's list reads the filters, so the file holds what the page shows.
            listed: ChangeList = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseBadRequest("These filters do not exist.", content_type="text/plain")
        what, about = f"Exported {self.opts.verbose_name_plural}", request.GET.urlencode()
        audit.note(AuditKind.EXPORTED, what, request=request, about=about)
        lines = lists.csv_lines(self.exported(listed.queryset), self.exports)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        name = f"{self.opts.model_name}s-{timezone.now():%Y-%m-%d}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def exported(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with what the exported columns need."""
        return queryset

    # --- one row ---------------------------------------------------------------------------------

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
        columns.on_page(self.model, context["adminform"])
        if obj is not None:
            context["title"], context["subtitle"] = self.heading(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)


class ReadOnlyAdmin(PortalAdmin):
    """Pages for rows that only the portal writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
