"""What staff see of connections, mappings and health."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from connect.models import ApiBudget, Connection, HealthSample
from portal.admin import show
from portal.admin.actions import Subject
from portal.admin.base import ReadOnlyAdmin
from portal.admin.buttons import ActionsAdmin
from portal.admin.stepper import steps

BY_TENANT = (
    "connection__tenant__name",
    "connection__tenant__org_id",
    "connection__tenant__admin_email",
    "connection__addon_name",
    "connection__connection_id",
)


class BlockedFilter(admin.SimpleListFilter):
    """Whether the portal gave up and waits for staff."""

    title = "blocked"
    parameter_name = "blocked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Connection]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(blocked_at__isnull=self.value() == "no")


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin, ActionsAdmin):
    change_form_template = "admin/connect/connection/change_form.html"
    list_display = (
        "tenant",
        "generation",
        "coloured_stage",
        "waiting_for",
        "coloured_state",
        "next_attempt_at",
        "seen_at",
        "addon_name",
    )
    list_filter = (
        "stage",
        "waiting_on",
        BlockedFilter,
        "state",
        "plan",
        "api_version",
    )
    list_select_related = ("tenant",)
    date_hierarchy = "stage_since"
    search_fields = (
        "tenant__name",
        "tenant__org_id",
        "tenant__admin_email",
        "addon_name",
        "addon_id",
        "connection_id",
        "schema_name",
        "organization_id",
        "salesforce_username",
    )
    search_help_text = (
        "Tenant's name, org id or e-mail, add-on name or id, connection id, schema, Salesforce user"
    )
    fieldsets = (
        (
            "Work",
            {
                "fields": (
                    "tenant",
                    "generation",
                    "stage",
                    "stage_since",
                    "waiting_on",
                    "waiting_for",
                    "next_attempt_at",
                    "attempts",
                    "reminders_sent",
                    "last_error",
                    "last_error_at",
                    "last_request_id",
                    "blocked_at",
                    "blocked_reason",
                    "queued_at",
                    "lease_expires_at",
                )
            },
        ),
        (
            "Heroku",
            {
                "fields": (
                    "addon_name",
                    "addon_id",
                    "addon_requested_at",
                    "plan",
                    "connection_id",
                    "region_url",
                    "schema_name",
                    "schema_requested_at",
                    "state",
                    "seen_at",
                )
            },
        ),
        (
            "Salesforce",
            {
                "fields": (
                    "organization_id",
                    "salesforce_username",
                    "api_version",
                    "link_published_at",
                    "authorized_at",
                    "template",
                    "import_sent_at",
                    "live_at",
                )
            },
        ),
        ("End", {"fields": ("schema_fate", "start_over", "offboarded_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        connections: QuerySet[Connection] = super().get_queryset(request)
        return connections.select_related("tenant")

    def subject(self, row: Any) -> Subject:
        return Subject(row.tenant, row)

    @admin.display(description="stage", ordering="stage")
    def coloured_stage(self, connection: Connection) -> str:
        return show.stage(connection)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, connection: Connection) -> str:
        return show.state(connection.state)

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), str(row.tenant.org_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        connection = context["original"]
        context |= {
            "connection": connection,
            "steps": steps(connection),
            "mappings": connection.mappings.all(),
            "buttons": self.buttons(request, connection),
        }
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(HealthSample)
class HealthSampleAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "connection",
        "coloured_state",
        "mappings_synced",
        "mappings",
        "rows_failed",
    )
    list_filter = ("state",)
    list_select_related = ("connection__tenant",)
    date_hierarchy = "at"
    search_fields = BY_TENANT

    @admin.display(description="state", ordering="state")
    def coloured_state(self, sample: HealthSample) -> str:
        return show.state(sample.state)


@admin.register(ApiBudget)
class ApiBudgetAdmin(ReadOnlyAdmin):
    list_display = ("peer", "remaining", "seen_at")
    ordering = ("peer",)
