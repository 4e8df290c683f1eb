"""The tenants: their list, each one's page, and the few facts that staff may correct."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import (
    Case,
    CharField,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from connect.health import strips
from connect.models import Connection, Stage
from connect.standing import Word, labels
from portal import audit, moments, show
from portal.actions.subject import Subject
from portal.admin.forms.tenant import OF_CARE, OF_ORG, TenantForm
from portal.admin.kit import search
from portal.admin.kit.actions import MAX_PRESSES
from portal.admin.kit.filters import (
    OrgFilter,
    OwnerFilter,
    RegionFilter,
    TenantAttentionFilter,
    TenantStandingFilter,
)
from portal.admin.kit.saved import Preset
from portal.admin.kit.subjects import StandingAdmin
from portal.admin.panels import health as health_panel
from portal.admin.panels import schema_export
from portal.admin.panels import tenant as panel
from portal.door import reentry
from portal.models import AuditKind, BulkItem
from portal.outcomes import OPEN
from tenants import batching, timeline, whole
from tenants.batching import Asking, gather
from tenants.models import EventKind, Source, Tenant

MAX_FIND = 100  # characters that are searched for in a timeline


@admin.register(Tenant)
class TenantAdmin(StandingAdmin):
    form = TenantForm
    change_form_template = "admin/tenants/tenant/change_form.html"
    list_display = ("name", "badge", "why", "day", "good_at", "owned", "org", "registered_at")
    list_filter = (
        TenantAttentionFilter,
        TenantStandingFilter,
        OwnerFilter,
        OrgFilter,
        RegionFilter,
        "proof",
    )
    lookups = ("environment__exact",)
    presets = (
        Preset("Mine", "owner=me"),
        Preset("All attention", "attention=any"),
        Preset("EU sandboxes", "org=sandbox&region=eu"),
    )
    date_hierarchy = "registered_at"
    tenant_path = "pk"
    empty = "A tenant appears when its package sends a callout: see docs/registration.md."
    search_fields = ("name",)
    search_help_text = search.HELP
    exports = (
        "name",
        "org_id",
        "admin_email",
        "environment",
        "namespace",
        "package_version",
        "proof",
        "registered_at",
        "offboarded_at",
        "standing",
        "now__stage",
        "now__waiting_for",
        "now__blocked_reason",
        "now__state",
        "now__addon_name",
        "now__connection_id",
        "now__schema_name",
        "now__paused_until",
        "now__snoozed_until",
    )
    # Staff may correct what a callout has given; the rest is observed.
    readonly_fields = (
        "org_id",
        "package_version",
        "installer_id",
        "registered_at",
        "proof",
        "proven_at",
        "offboarded_at",
        "returned_at",
        "is_blocked",
    )
    fieldsets = (
        (None, {"fields": (*OF_ORG, *readonly_fields)}),
        ("How it is looked after", {"fields": OF_CARE}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # tenants are created by callouts only

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        # Joins the current connection alone, and keeps tenants without one.
        current = FilteredRelation("connections", condition=Q(connections__offboarded_at=None))
        rows = super().get_queryset(request).annotate(now=current)
        tenants: QuerySet[Tenant] = rows.select_related("owner", "now__health")
        return tenants

    def exported(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        own = Connection.objects.filter(tenant=OuterRef("pk"), offboarded_at=None).order_by()
        said = own.annotate(word=labels(timezone.now())).values("word")[:1]
        with_words: QuerySet[Any] = queryset.annotate(
            standing=Coalesce(Subquery(said), _without_connection())
        )
        return with_words

    def count_words(self) -> Asking[dict[Word, int]]:
        current, every, ended = yield from gather(
            super().count_words(),
            batching.count(Tenant.objects.all()),
            batching.count(Tenant.objects.filter(offboarded_at__isnull=False)),
        )
        gone = batching.number(ended)
        new = batching.number(every) - gone - sum(current.values())
        return {**current, Word.NEW: new, Word.OFFBOARDED: gone}

    def read_beside(self, rows: list[Any], now: datetime) -> Asking[None]:
        connections = [each.connection for each in map(self.subject, rows) if each.connection]
        live = [each for each in connections if each.stage == Stage.LIVE]
        beside = super().read_beside(rows, now)
        days, _ = yield from gather(strips.of_day.asking(live, now), beside)
        for row in rows:
            current = self.subject(row).connection
            row.slots = days.get(current.pk) if current else None

    @admin.display(description="last 24 hours")
    def day(self, row: Any) -> str:
        return health_panel.of_day(row.slots)

    @admin.display(description="last good sync", ordering="now__health__good_at")
    def good_at(self, row: Any) -> str:
        health = getattr(self.subject(row).connection, "health", None)
        return moments.element(health.good_at if health else None)

    @admin.display(description="owner", ordering="owner__username")
    def owned(self, row: Any) -> str:
        return str(row.owner or "-")

    @admin.display(description="org and contact", ordering="org_id")
    def org(self, row: Any) -> str:
        return show.lines(show.identifier(row.org_id), show.whole_email(row.admin_email))

    def subject(self, row: Any) -> Subject:
        return Subject(row, getattr(row, "now", None))  # Django sets none where there is none

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), str(row.org_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        tenant = context["original"]
        context |= self._parts(request, tenant)
        if request.user.has_perm("tenants.export_tenant"):
            context["data_url"] = reverse("admin:tenants_tenant_data", args=[tenant.pk])
        context["schema_url"] = schema_export.address(request, context["connection"])
        context["subscriber_link"] = panel.subscriber_link(tenant, request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.live))
        data = self.admin_site.admin_view(require_POST(self.data))
        return [
            path("<int:pk>/live/", view, name="tenants_tenant_live"),
            path("<int:pk>/data/", data, name="tenants_tenant_data"),
            *super().get_urls(),
        ]

    def data(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Return all data of a tenant as one JSON file."""
        if not request.user.has_perm("tenants.export_tenant"):
            raise PermissionDenied
        tenant = self.get_object(request, str(pk))
        if tenant is None:
            raise Http404
        reentry.ask(request)
        audit.note(AuditKind.EXPORTED, "Exported all data", request=request, about=str(tenant))
        answer = StreamingHttpResponse(whole.export(tenant), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{tenant.org_id}.json"'
        return answer

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the live parts of a tenant's page."""
        tenant = self.get_object(request, str(pk))
        if not self.has_view_permission(request, tenant):
            raise PermissionDenied
        if tenant is None:
            raise Http404
        parts = self._parts(request, tenant)
        return TemplateResponse(request, "admin/tenants/tenant/live.html", parts)

    def _parts(self, request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
        wanted = request.GET.get("timeline", "")
        find = request.GET.get("find", "").strip()[:MAX_FIND]
        parts = panel.context(tenant, self.subject(tenant), wanted, find)
        if self.subject(tenant).connection:
            # So the buttons are those of the row that is shown.
            tenant.now = parts["connection"]  # type: ignore[attr-defined]  # annotated
        presses = list(self.presses(tenant)[:MAX_PRESSES])
        # A page that rests follows what was pressed, too.
        if parts["every"] and any(each.status in OPEN for each in presses):
            parts["every"] = panel.MOVING
        buttons = self.buttons(request, tenant, parts["standing"])
        here = self.page_of(tenant)
        return {**parts, "buttons": buttons, "presses": presses, "here": here}

    def presses(self, row: Any) -> QuerySet[BulkItem]:
        """Return all that was pressed on a tenant, its objects and its failed writes."""
        return BulkItem.objects.filter(tenant=row).select_related("run").order_by("-pk")

    def save_model(
        self,
        request: HttpRequest,
        obj: Tenant,
        form: "ModelForm[Tenant]",
        change: bool,
    ) -> None:
        """Save only changed fields, so that a parallel callout is not overwritten."""
        changes = {
            name: [form.initial[name], getattr(obj, name)]
            for name in form.changed_data
            # changed_data compares what was typed; the cleaned value may be the old one.
            if form.initial[name] != getattr(obj, name)
        }
        if not changes:
            return
        # Staff's word stays: no callout and no sign-in replaces it.
        given = {name: now for name, (_, now) in changes.items() if name in OF_ORG}
        obj.take(given, Source.STAFF)
        obj.save(update_fields=[*changes, "sources"])
        changed = (
            f"{form.fields[name].label} from “{before}” to “{after}”"
            for name, (before, after) in changes.items()
        )
        timeline.note(
            obj,
            EventKind.STAFF_ACTION,
            f"Changed {', '.join(changed)}.",
            actor=request.user.get_username(),
            changes=changes,
        )


def _without_connection() -> Case:
    return Case(
        When(offboarded_at=None, then=Value(str(Word.NEW.label))),
        default=Value(str(Word.OFFBOARDED.label)),
        output_field=CharField(),
    )
