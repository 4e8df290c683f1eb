"""What staff see of the subscribers, and may change of them."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from connect.mappings.models import DriftState
from connect.models import Connection, Stage, WaitingOn
from portal.admin import show, tenant_page
from portal.admin.actions import Subject
from portal.admin.base import ReadOnlyAdmin
from portal.admin.buttons import ActionsAdmin
from portal.admin.tenant_form import TenantForm
from tenants import timeline
from tenants.models import (
    Callout,
    Event,
    EventKind,
    Message,
    RateBucket,
    SalesforceGrant,
    Tenant,
    UsedSignature,
)

BY_TENANT = ("tenant__name", "tenant__org_id", "tenant__admin_email")


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
        return queryset.filter(connections__offboarded_at=None, connections__stage=stage)


class AttentionFilter(admin.SimpleListFilter):
    """Whose move it is."""

    title = "attention"
    parameter_name = "attention"
    _WANTED = {
        "blocked": ("Blocked", Q(connections__blocked_at__isnull=False)),
        "staff": (
            "Waiting for staff",
            Q(connections__waiting_on=WaitingOn.STAFF, connections__blocked_at=None),
        ),
        "drifted": ("Drifted", Q(connections__drift__state=DriftState.DRIFTED)),
        "subscriber": (
            "Waiting for the subscriber",
            Q(connections__waiting_on=WaitingOn.SUBSCRIBER),
        ),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self._WANTED.items()]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[Tenant],
    ) -> QuerySet[Tenant]:
        if self.value() not in self._WANTED:
            return queryset
        _, wanted = self._WANTED[str(self.value())]
        return queryset.filter(wanted, connections__offboarded_at=None)


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
        "environment",
        "registered_at",
    )
    list_filter = (AttentionFilter, StageFilter, "environment", "proof")
    date_hierarchy = "registered_at"
    search_fields = (
        "name",
        "org_id",
        "admin_email",
        "installer_id",
        "connections__addon_name",
        "connections__addon_id",
        "connections__connection_id",
    )
    search_help_text = (
        "Name, org id (15 or 18 characters), e-mail, add-on name or id, connection id"
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

    def subject(self, row: Any) -> Subject:
        return Subject(row, row.current[0] if row.current else None)

    @admin.display(description="stage")
    def stage(self, tenant: Tenant) -> str:
        connection = self.subject(tenant).connection
        if connection is None:
            return show.badge("Off-boarded" if tenant.offboarded_at else "New", show.QUIET)
        return show.stage(connection)

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
        context |= tenant_page.context(tenant, self.subject(tenant), request.user)
        context["buttons"] = self.buttons(request, tenant)
        return super().render_change_form(request, context, *args, **kwargs)

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
    date_hierarchy = "issued_at"
    ordering = ("-issued_at",)
    search_fields = (*BY_TENANT, "username", "user_id")
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
    list_filter = ("status", "signed", "truncated")
    list_select_related = ("tenant",)
    date_hierarchy = "received_at"
    search_fields = (*BY_TENANT, "outcome", "remote_address")
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
    search_fields = (*BY_TENANT, "to", "provider_id")
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

    @admin.display(description="text")
    def written(self, message: Message) -> str:
        return show.preformatted(message.text)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "tenant", "kind", "text", "actor")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    date_hierarchy = "at"
    search_fields = (*BY_TENANT, "text", "actor")
    fields = ("at", "tenant", "actor", "kind", "text", "details")

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
