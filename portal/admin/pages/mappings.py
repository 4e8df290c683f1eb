"""What staff see of mappings: the versions that tenants get, and one tenant's objects."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from connect import tasks
from connect.clients import http
from connect.mappings import diff, last_seen, lint, placeholders, templates, uploads
from connect.mappings.changes import rows_read
from connect.models import DefaultTemplate, Mapping, MappingTemplate, Tag
from connect.operations import mapping as acts
from connect.operations.connection import Operation
from portal.admin.kit import search, show
from portal.admin.kit.base import PortalAdmin, ReadOnlyAdmin
from portal.admin.kit.filters import FailedRowsFilter
from portal.admin.pages import comparison
from portal.admin.pages.mapping_form import EditMappingForm
from portal.admin.pages.template_form import MappingTemplateForm, NoSuchTenant, live_export, pretty
from tenants import timeline
from tenants.models import EventKind
from tenants.queue import enqueue_as


@dataclass(frozen=True)
class Side:
    """One side of a comparison; `rows` is how many each of its objects has."""

    title: str
    document: dict[str, Any]
    rows: dict[str, int | None]
    namespace: str = ""
    is_live: bool = False


class SideForm(forms.Form):
    """Chooses a version, or a tenant's live mappings."""

    version = forms.ModelChoiceField(MappingTemplate.objects.all(), required=False)
    org_id = forms.CharField(required=False, max_length=18, label="or a tenant's org id")

    def read(self) -> Side | None:
        """Return the chosen side, or None where nothing or nonsense is asked."""
        if not self.is_valid():
            return None
        template, org_id = self.cleaned_data["version"], self.cleaned_data["org_id"]
        if org_id:
            return self._live(org_id)
        if template is None:
            return None
        return Side(str(template), template.document, comparison.rows_on(template))

    def _live(self, org_id: str) -> Side | None:
        try:
            connection, document = live_export(org_id)
        except (NoSuchTenant, uploads.BadUpload) as error:
            self.add_error("org_id", str(error))
        except http.RemoteError as error:
            self.add_error("org_id", f"The live mappings cannot be read now. {error.words}")
        else:
            rows, namespace = last_seen.row_counts(connection), connection.tenant.namespace
            return Side(f"{connection.tenant}, live", document, rows, namespace, is_live=True)
        return None


@admin.register(MappingTemplate)
class MappingTemplateAdmin(PortalAdmin):
    """A version is never changed: whoever wants other mappings adds the next one."""

    form = MappingTemplateForm
    change_form_template = "admin/connect/mappingtemplate/change_form.html"
    change_list_template = "admin/connect/mappingtemplate/change_list.html"
    list_display = ("version", "objects", "connections", "author", "created_at", "notes")
    search_fields = ("notes", "author")
    date_hierarchy = "created_at"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: MappingTemplate | None = None) -> list[Any]:
        if obj:
            return ["version", "author", "created_at", "made_from", "notes", "mappings"]
        return ["notes", "upload", "org_id", "namespace", "accept_warnings", "document"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MappingTemplate]:
        found: QuerySet[MappingTemplate] = super().get_queryset(request)
        return found.annotate(connections_on_it=Count("connections"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = MappingTemplate.objects.first()
        return {"document": pretty(newest.document if newest else {"mappings": []})}

    def save_model(
        self, request: HttpRequest, obj: MappingTemplate, form: Any, change: bool
    ) -> None:
        stored = templates.add(
            form.cleaned_data["document"],
            author=request.user.get_username(),
            notes=obj.notes,
            made_from=form.made_from,
        )
        obj.pk, obj.version = stored.pk, stored.version

    # --- more pages ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("compare/", view(self.compare), name="connect_mappingtemplate_compare"),
            path("<int:pk>/export/", view(self.download), name="connect_mappingtemplate_export"),
        ]
        return [*own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out a version as a file that Heroku Connect imports."""
        template = self._seen(request, pk)
        namespace = request.GET.get("namespace", "")
        if not namespace.replace("_", "").isalnum() and namespace:
            raise Http404
        name = f"mappings-version-{template.version}.json"
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
        asked = request.GET or None
        left, right = (SideForm(asked, prefix=side) for side in ("left", "right"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Compare mappings",
            "opts": self.opts,
            "left": left,
            "right": right,
            **(_compared(left, right) if asked else {}),
        }
        return TemplateResponse(request, "admin/connect/mappingtemplate/compare.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        template = context.get("original")
        if template:
            org = lint.OrgFacts()
            context["findings"] = lint.check(template.document, "herokuconnect:demo", org)
            context["may_roll_out"] = request.user.has_perm("connect.add_rollout")
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="connections")
    def connections(self, template: Any) -> int:
        return int(template.connections_on_it)

    @admin.display(description="objects")
    def objects(self, template: MappingTemplate) -> str:
        return ", ".join(each["object_name"] for each in template.document["mappings"])

    @admin.display(description="mappings")
    def mappings(self, template: MappingTemplate) -> str:
        return show.document(template.document)


def _compared(left: SideForm, right: SideForm) -> dict[str, Any]:
    one, other = left.read(), right.read()
    if one is None or other is None:
        return {}
    namespace = one.namespace or other.namespace
    if one.is_live or other.is_live:  # live names carry the namespace, so versions have to as well
        documents = [placeholders.fill(each.document, namespace) for each in (one, other)]
    else:
        documents = [one.document, other.document]
    changes = diff.compare(*documents)
    return {
        "left_title": one.title,
        "right_title": other.title,
        "sections": comparison.sections(changes, one.rows),
        "same": not changes,
        "rows_read": rows_read(changes, one.rows),
    }


@admin.register(DefaultTemplate)
class DefaultTemplateAdmin(PortalAdmin):
    empty = "Without one, every new tenant gets the newest version."
    list_display = ("__str__", "plan", "environment", "template")
    list_select_related = ("template",)
    fields = ("plan", "environment", "template")


@admin.register(Tag)
class TagAdmin(PortalAdmin):
    """Words to choose tenants by; each tenant's timeline tells who put one on it."""

    empty = "Add one and put it on tenants: roll-outs can then be made for those alone."

    list_display = ("name", "count")
    search_fields = ("name", "tenants__name", "tenants__org_id")
    raw_id_fields = ("tenants",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(tenants_with_it=Count("tenants"))

    @admin.display(description="tenants")
    def count(self, tag: Any) -> int:
        return int(tag.tenants_with_it)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        tag, actor = form.instance, request.user.get_username()
        before = set(tag.tenants.values_list("pk", flat=True))
        super().save_related(request, form, formsets, change)
        after = set(tag.tenants.values_list("pk", flat=True))
        for tenant_id in before ^ after:
            text = f"Tag {tag}: {'put on' if tenant_id in after else 'taken off'}."
            timeline.note(tenant_id, EventKind.STAFF_ACTION, text, actor=actor)


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin):
    change_form_template = "admin/connect/mapping/change_form.html"
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
        "access",
        "rows_in_database",
        "rows_in_salesforce",
        "rows_pending",
        "rows_failed",
        "seen_at",
        "configuration",
    )

    def tone(self, value: Any) -> str:
        return show.mapping_tone(value)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act)
        own = path("<int:pk>/do/<slug:name>/", view, name="connect_mapping_act")
        return [own, *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
        """Queue an action on one mapping, after a page that asks where it hurts."""
        operation = acts.REGISTRY.get(name)
        if operation is None:
            raise Http404
        if not self.has_view_permission(request) or not request.user.has_perm(operation.permission):
            raise PermissionDenied
        mapping = Mapping.objects.select_related("connection__tenant").filter(pk=pk).first()
        if mapping is None:
            raise Http404
        reason = operation.why_not(mapping.connection)
        page = reverse("admin:connect_mapping_change", args=[pk])
        if reason:
            self.message_user(request, f"{operation.label}: skipped, {reason}.", messages.WARNING)
            return HttpResponseRedirect(page)
        form = EditMappingForm(mapping, request.POST or None) if name == "edit" else None
        confirmed = form.is_valid() if form else request.method == "POST"
        if not confirmed:
            return self._ask(request, operation, mapping, form)
        _queue(operation, mapping, request.user.get_username(), form)
        self.message_user(request, f"“{operation.label}” is queued for {mapping.object_name}.")
        return HttpResponseRedirect(page)

    def _ask(
        self, request: HttpRequest, operation: Operation, mapping: Mapping, form: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{operation.label}: {mapping.object_name} of {mapping.connection.tenant}",
            "opts": self.opts,
            "operation": operation,
            "mapping": mapping,
            "form": form,
        }
        return TemplateResponse(request, "admin/connect/mapping/act.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        mapping = context["original"]
        context["buttons"] = [
            {
                "label": operation.label,
                "hurts": operation.hurts,
                "url": reverse("admin:connect_mapping_act", args=[mapping.pk, operation.name]),
            }
            for operation in acts.REGISTRY.values()
            if request.user.has_perm(operation.permission)
            and not operation.why_not(mapping.connection)
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, mapping: Mapping) -> str:
        return show.mapping_state(mapping.state)

    @admin.display(description="configuration")
    def configuration(self, mapping: Mapping) -> str:
        return show.document(mapping.config)


@transaction.atomic
def _queue(
    operation: Operation, mapping: Mapping, actor: str, form: EditMappingForm | None
) -> None:
    options: dict[str, Any] = {"object_name": mapping.object_name}
    if form:
        options |= {"config": form.config(), "revision": form.cleaned_data["revision"]}
    enqueue_as(
        f"{operation.name} mapping {mapping.pk}",
        tasks.operate_mapping,
        operation.name,
        mapping.connection_id,
        actor=actor,
        options=options,
    )
