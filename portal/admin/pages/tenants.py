"""What staff see of the subscribers, and may change of them."""

import re
from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet
from django.db.models.fields.json import KT
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from connect.models import Connection, Stage
from portal.admin.kit import search, show
from portal.admin.kit.actions import Subject
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.buttons import ActionsAdmin
from portal.admin.kit.filters import AttentionFilter
from portal.admin.kit.lists import Tally
from portal.admin.pages import tenant_page
from portal.admin.pages.tenant_form import TenantForm
from tenants import timeline
from tenants.models import (
    Callout,
    Event,
    EventKind,
    Message,
    MessageStatus,
    RateBucket,
    SalesforceGrant,
    Tenant,
    UsedSignature,
)

# Heroku and Salesforce name each request so, and no id of a tenant or add-on name looks like it.
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class StageFilter(admin.SimpleListFilter):
    """The stage of the tenant's current connection."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(stage.value), str(stage.label)) for stage in Stage]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[Tenant],
    ) -> QuerySet[Tenant]:
        stage = self.value()
        if stage is None:
            return queryset
        if stage == Stage.OFFBOARDED:
            return queryset.filter(offboarded_at__isnull=False)
        at_stage = Connection.objects.filter(
            tenant=OuterRef("pk"), offboarded_at=None, stage=stage
        ).order_by()
        return queryset.filter(Exists(at_stage))


@admin.register(Tenant)
class TenantAdmin(ActionsAdmin):
    form = TenantForm
    change_form_template = "admin/tenants/tenant/change_form.html"
    list_display = (
        "name",
        "stage",
        "waiting_for",
        "org_id",
        "admin_email",
        "registered_on",
    )
    list_filter = (AttentionFilter, StageFilter, "environment", "proof")
    date_hierarchy = "registered_at"
    tenant_path = "pk"
    empty = "A tenant appears when its package calls the portal: see docs/registration.md."
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
    fields = (
        "name",
        "admin_email",
        "environment",
        "login_domain",
        "namespace",
        "org_id",
        "package_version",
        "installer_id",
        "registered_at",
        "proof",
        "proven_at",
        "offboarded_at",
    )
    readonly_fields = fields[5:]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a tenant begins with its package's callout

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        current = Connection.objects.filter(offboarded_at=None)
        prefetch = Prefetch("connections", current, to_attr="current")
        tenants: QuerySet[Tenant] = super().get_queryset(request).prefetch_related(prefetch)
        return tenants

    def exported(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        current = FilteredRelation("connections", condition=Q(connections__offboarded_at=None))
        with_current: QuerySet[Any] = queryset.annotate(now=current)
        return with_current

    def tallies(self, request: HttpRequest) -> list[Tally]:
        """Count the tenants by the stage of their connection, in the order of provisioning."""
        current = Connection.objects.filter(offboarded_at=None).order_by()
        counts: dict[str, int] = dict(current.values_list("stage").annotate(rows=Count("*")))
        counts[Stage.OFFBOARDED] = Tenant.objects.filter(offboarded_at__isnull=False).count()
        return [
            self.tally(request, stage.label, counts[stage], "stage", stage.value)
            for stage in Stage
            if counts.get(stage)
        ]

    def tone(self, value: Any) -> str:
        return show.STAGE_TONES[Stage(value)]

    def subject(self, row: Any) -> Subject:
        return Subject(row, row.current[0] if row.current else None)

    @admin.display(description="stage")
    def stage(self, tenant: Tenant) -> str:
        connection = self.subject(tenant).connection
        if connection is None:
            return show.badge("Off-boarded" if tenant.offboarded_at else "New", show.QUIET)
        return show.stage(connection)

    @admin.display(description="registered", ordering="registered_at")
    def registered_on(self, tenant: Tenant) -> str:
        return f"{tenant.registered_at:%-d %b %Y}"

    @admin.display(description="waiting for")
    def waiting_for(self, tenant: Tenant) -> str:
        connection = self.subject(tenant).connection
        return connection.waiting_for if connection else ""

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), str(row.org_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        tenant = context["original"]
        context |= self._parts(request, tenant)
        context["subscriber_link"] = tenant_page.subscriber_link(tenant, request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.live))
        return [path("<int:pk>/live/", view, name="tenants_tenant_live"), *super().get_urls()]

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the parts of a tenant's page that change while somebody looks at it."""
        tenant = self.get_object(request, str(pk))
        if not self.has_view_permission(request, tenant):
            raise PermissionDenied
        if tenant is None:
            raise Http404
        parts = self._parts(request, tenant)
        return TemplateResponse(request, "admin/tenants/tenant/live.html", parts)

    def _parts(self, request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
        wanted = request.GET.get("timeline", "")
        parts = tenant_page.context(tenant, self.subject(tenant), request.user, wanted)
        return {**parts, "buttons": self.buttons(request, tenant)}

    def save_model(
        self,
        request: HttpRequest,
        obj: Tenant,
        form: "ModelForm[Tenant]",
        change: bool,
    ) -> None:
        """Write only what was changed, so that a callout judged meanwhile is not undone."""
        changes = {
            name: [form.initial[name], getattr(obj, name)]
            for name in form.changed_data
            if form.initial[name] != getattr(obj, name)
        }
        if not changes:
            return
        obj.save(update_fields=list(changes))
        told = (
            f"{form.fields[name].label} from “{before}” to “{after}”"
            for name, (before, after) in changes.items()
        )
        timeline.note(
            obj,
            EventKind.STAFF_ACTION,
            f"Changed {', '.join(told)}.",
            actor=request.user.get_username(),
            changes=changes,
        )


@admin.register(SalesforceGrant)
class SalesforceGrantAdmin(ReadOnlyAdmin):
    """The tokens are not even read from the database here."""

    list_display = ("tenant", "username", "status", "instance_url", "issued_at", "refreshed_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    ordering = ("-pk",)
    tenant_path = "tenant"
    tally_by = "status"
    search_fields = ("username",)
    search_help_text = search.HELP
    found_by = ("username", "user_id")
    exports = ("tenant__name", "tenant__org_id", "username", "status", "instance_url", "issued_at")
    fields = (
        "tenant",
        "username",
        "user_id",
        "status",
        "instance_url",
        "identity_url",
        "scopes",
        "issued_at",
        "refreshed_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SalesforceGrant]:
        grants: QuerySet[SalesforceGrant] = super().get_queryset(request)
        return grants.defer("access_token", "refresh_token")


@admin.register(Callout)
class CalloutAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "status", "outcome", "tenant", "signed", "remote_address")
    list_filter = ("signed", "truncated")
    list_select_related = ("tenant",)
    date_hierarchy = "received_at"
    tenant_path = "tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("outcome",)
    search_help_text = f"{search.HELP}, remote address"
    exports = (
        "received_at",
        "status",
        "outcome",
        "tenant__name",
        "tenant__org_id",
        "signed",
        "remote_address",
    )
    fields = (
        "received_at",
        "remote_address",
        "content_type",
        "signed",
        "truncated",
        "status",
        "outcome",
        "tenant",
        "body_as_sent",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Callout]:
        callouts: QuerySet[Callout] = super().get_queryset(request)
        return callouts.defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            ip_address(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(remote_address=search_term.strip()), False

    def tone(self, value: Any) -> str:
        return show.GOOD if value < 400 else show.BAD if value >= 500 else show.WAIT

    @admin.display(description="body")
    def body_as_sent(self, callout: Callout) -> str:
        return show.preformatted(callout.text)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What is written in a mail holds the subscriber's link, so not everybody sees it."""

    list_display = ("created_at", "kind", "to", "status", "tenant", "attempts", "sent_at")
    list_filter = ("status", "kind")
    list_select_related = ("tenant",)
    date_hierarchy = "created_at"
    tenant_path = "tenant"
    tally_by = "status"
    tally_newest = True
    search_fields = ("to",)
    search_help_text = f"{search.HELP}, the provider's id of the e-mail"
    found_by = ("to", "provider_id")
    exports = (
        "created_at",
        "kind",
        "to",
        "subject",
        "status",
        "error",
        "attempts",
        "sent_at",
        "provider_id",
        "tenant__name",
        "tenant__org_id",
    )
    fields = (
        "tenant",
        "kind",
        "to",
        "subject",
        "status",
        "error",
        "attempts",
        "created_at",
        "next_attempt_at",
        "sent_at",
        "provider_id",
    )

    def get_fields(self, request: HttpRequest, obj: Message | None = None) -> list[Any]:
        may_read = request.user.has_perm("tenants.resend_message")
        return [*self.fields, "written"] if may_read else [*self.fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.defer("text", "html")

    def tone(self, value: Any) -> str:
        return show.MESSAGE_TONES[MessageStatus(value)]

    @admin.display(description="text")
    def written(self, message: Message) -> str:
        return show.preformatted(message.text)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "tenant", "kind", "text", "actor")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    date_hierarchy = "at"
    tenant_path = "tenant"
    tally_by = "kind"
    tally_newest = True
    search_fields = ("actor",)
    search_help_text = f"{search.HELP}, who did it, request id"
    found_by = ("actor",)
    exports = ("at", "tenant__name", "tenant__org_id", "kind", "text", "actor")
    fields = ("at", "tenant", "actor", "kind", "text", "details")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        asked = search_term.strip()
        if not _REQUEST_ID.fullmatch(asked):
            return super().get_search_results(request, queryset, search_term)
        of_requests = queryset.annotate(request=KT("data__request_id"))
        return of_requests.filter(request=asked, data__has_key="request_id"), False

    def tone(self, value: Any) -> str:
        return show.EVENT_TONES.get(EventKind(value), show.QUIET)

    @admin.display(description="details")
    def details(self, event: Event) -> str:
        return show.document(event.data)


@admin.register(RateBucket)
class RateBucketAdmin(ReadOnlyAdmin):
    list_display = ("key", "tokens", "filled_at")
    ordering = ("-filled_at",)
    search_fields = ("key",)


@admin.register(UsedSignature)
class UsedSignatureAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "used_at")
    ordering = ("-used_at",)
    date_hierarchy = "used_at"
