"""The mapping versions that tenants get, and the page that compares two of them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from connect.clients import http
from connect.mappings import templates
from connect.models import MappingTemplate
from portal import show
from portal.admin.forms.editor import MAX_ORGS, StartForm, live_connections
from portal.admin.forms.version import MappingTemplateForm, pretty
from portal.admin.kit.base import PortalAdmin
from portal.admin.kit.columns import of_numbers
from portal.admin.panels.editor import Editor
from portal.admin.panels.sides import SideForm, compare


@admin.register(MappingTemplate)
class MappingTemplateAdmin(PortalAdmin):
    """A version is never changed. New mappings are added as the next version."""

    form = MappingTemplateForm
    change_form_template = "admin/connect/mappingtemplate/change_form.html"
    change_list_template = "admin/connect/mappingtemplate/change_list.html"
    list_display = ("version", "package", "objects", "connections", "author", "created_at", "notes")
    list_filter = ("package",)
    search_fields = ("notes", "author")
    date_hierarchy = "created_at"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: MappingTemplate | None = None) -> list[Any]:
        if obj:
            facts = ["version", "package", "author", "created_at", "made_from", "notes"]
            return [*facts, "mappings"]
        asked = ["notes", "package", "upload", "org_id", "namespace", "accept_warnings"]
        return [*asked, "document", "kept_file", "kept_hash"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MappingTemplate]:
        found: QuerySet[MappingTemplate] = super().get_queryset(request)
        return found.annotate(connections_on_it=Count("connections"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = templates.newest()
        return {"document": pretty(newest.document if newest else {"mappings": []})}

    def save_model(
        self, request: HttpRequest, obj: MappingTemplate, form: Any, change: bool
    ) -> None:
        stored = templates.add(
            form.cleaned_data["document"],
            author=request.user.get_username(),
            notes=obj.notes,
            made_from=form.made_from,
            package=obj.package,
        )
        # Django goes on with `obj`: it logs the row and shows its page.
        obj.pk, obj.version = stored.pk, stored.version

    # --- more pages ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("compare/", view(self.compare), name="connect_mappingtemplate_compare"),
            path("edit/", view(self.edit), name="connect_mappingtemplate_edit"),
            path("<int:pk>/export/", view(self.download), name="connect_mappingtemplate_export"),
        ]
        return [*own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return a version as a file: with {ns}, or filled for the orgs with one namespace."""
        template = self._seen(request, pk)
        namespace = request.GET.get("namespace")
        if namespace and not namespace.replace("_", "").isalnum():
            raise Http404
        of_whom = f"-{namespace}" if namespace else ""
        name = f"mappings-version-{template.version}{of_whom}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        exported = templates.exported(template, namespace)
        return JsonResponse(exported, headers=headers, json_dumps_params={"indent": 2})

    def _seen(self, request: HttpRequest, pk: int) -> MappingTemplate:
        if not self.has_view_permission(request):
            raise PermissionDenied
        template = MappingTemplate.objects.filter(pk=pk).first()
        if template is None:
            raise Http404
        return template

    def compare(self, request: HttpRequest) -> HttpResponse:
        """Show two sides, each a version or a tenant's live mappings. Nothing is changed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # None leaves the forms unbound, so that a fresh page shows no errors.
        asked = request.GET or None
        left, right = (SideForm(asked, prefix=side) for side in ("left", "right"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Compare mappings",
            "opts": self.opts,
            "left": left,
            "right": right,
            **(compare(left, right) if asked else {}),
        }
        return TemplateResponse(request, "admin/connect/mappingtemplate/compare.html", context)

    def edit(self, request: HttpRequest) -> HttpResponse:
        """Show the editor; only *Make the next version* stores something."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        # Without an org there is nothing to complain about yet.
        given = request.GET if "org_id" in request.GET else None
        asked = request.POST if request.method == "POST" else given
        first = {"version": request.GET.get("version") or templates.newest()}
        start = StartForm(asked, initial=first)
        context = {
            **self.admin_site.each_context(request),
            "title": "Edit mappings",
            "opts": self.opts,
            "start": start,
        }
        if start.is_valid():
            editor = Editor(*start.chosen(), request.POST)
            try:
                editor.press(request.user.get_username())
                if editor.made:
                    return self._made(request, editor.made)
                context |= editor.context()
            except http.RemoteError as error:
                start.add_error("org_id", f"The org cannot be asked now. {error.words}")
                context.pop("editor", None)
        if "editor" not in context:
            context["connections"] = live_connections()[:MAX_ORGS]
        return TemplateResponse(request, "admin/connect/mappingtemplate/edit.html", context)

    def _made(self, request: HttpRequest, template: MappingTemplate) -> HttpResponse:
        self.log_addition(request, template, [{"added": {}}])
        messages.success(request, f"{template} is made. Compare it, then roll it out.")
        return redirect("admin:connect_mappingtemplate_change", template.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        template = context.get("original")
        if template:
            context["findings"] = templates.findings(template.document)
            context["may_add"] = self.has_add_permission(request)
            context["may_roll_out"] = request.user.has_perm("connect.add_rollout")
        return super().render_change_form(request, context, *args, **kwargs)

    @of_numbers
    @admin.display(description="connections")
    def connections(self, template: Any) -> str:
        return f"{template.connections_on_it:,}"

    @admin.display(description="objects")
    def objects(self, template: MappingTemplate) -> str:
        return ", ".join(each["object_name"] for each in template.document["mappings"])

    @admin.display(description="mappings")
    def mappings(self, template: MappingTemplate) -> str:
        return show.document(template.document)
