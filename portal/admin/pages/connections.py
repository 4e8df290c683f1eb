"""The connections of all tenants."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from connect import holds, standing
from connect.models import Connection
from connect.standing import Word, labels
from portal import show
from portal.actions.subject import Subject
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.filters import ConditionFilter, CostFilter, PutOffFilter, StandingFilter
from portal.admin.kit.subjects import StandingAdmin
from portal.admin.panels import schema_export
from portal.admin.panels.stepper import steps
from tenants import batching
from tenants.batching import Asking, gather


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin, StandingAdmin):
    change_form_template = "admin/connect/connection/change_form.html"
    list_display = (
        "whose",
        "badge",
        "why",
        "coloured_state",
        "next_attempt_at",
        "seen_at",
        "addon_name",
    )
    list_filter = (
        StandingFilter,
        "waiting_on",
        ConditionFilter,
        PutOffFilter,
        CostFilter,
        "host_app",
        "api_version",
    )
    list_select_related = ("tenant__owner",)
    date_hierarchy = "stage_since"
    tenant_path = "tenant"
    search_fields = ("addon_name",)
    search_help_text = search.HELP
    exports = (
        "tenant__name",
        "tenant__org_id",
        "generation",
        "standing",
        "stage",
        "stage_since",
        "waiting_on",
        "waiting_for",
        "blocked_at",
        "blocked_kind",
        "blocked_reason",
        "last_error",
        "last_request_id",
        "state",
        "seen_at",
        "host_app__name",
        "addon_name",
        "plan",
        "monthly_cents",
        "connection_id",
        "schema_name",
        "salesforce_username",
        "ends_at",
        "paused_until",
        "pause_note",
        "snoozed_until",
        "snooze_note",
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
                    "restarts",
                    "restarted_at",
                    "reminders_sent",
                    "last_error",
                    "last_error_at",
                    "last_request_id",
                    "blocked_at",
                    "blocked_kind",
                    "blocked_reason",
                    "trouble_since",
                    "queued_at",
                    "lease_holder",
                    "lease_expires_at",
                )
            },
        ),
        (
            "Heroku",
            {
                "fields": (
                    "host_app",
                    "addon_name",
                    "addon_id",
                    "addon_requested_at",
                    "plan",
                    "monthly_cents",
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
        (
            "Paused or snoozed by staff",
            {"fields": ("paused_until", "pause_note", "snoozed_until", "snooze_note")},
        ),
        (
            "End",
            {"fields": ("ends_at", "stage_before", "schema_fate", "start_over", "offboarded_at")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.schema))
        return [
            path("<int:pk>/schema/", view, name="connect_connection_schema"),
            *super().get_urls(),
        ]

    def schema(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Return the tables of a connection's schema as a ZIP of CSV files."""
        return schema_export.respond(request, self.get_object(request, str(pk)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        connections: QuerySet[Connection] = super().get_queryset(request)
        return connections.select_related("tenant__owner")

    def subject(self, row: Any) -> Subject:
        return Subject(row.tenant, row)

    def count_words(self) -> Asking[dict[Word, int]]:
        ended = batching.count(Connection.objects.filter(offboarded_at__isnull=False))
        current, gone = yield from gather(super().count_words(), ended)
        return {**current, Word.OFFBOARDED: batching.number(gone)}

    def exported(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        with_words: QuerySet[Any] = queryset.annotate(standing=labels(timezone.now()))
        return with_words

    @admin.display(description="tenant", ordering="tenant__name")
    def whose(self, connection: Connection) -> str:
        return show.connection(connection)

    @admin.display(description="state", ordering="state")
    def coloured_state(self, connection: Connection) -> str:
        return show.state_of(connection)

    def heading(self, row: Any) -> tuple[str, str]:
        return str(row), str(row.tenant.org_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        connection = context["original"]
        found = standing.of(connection)
        context |= {
            "connection": connection,
            "standing": found,
            "steps": steps(connection, found),
            "holds": holds.of_connection(connection, timezone.now()),
            "mappings": connection.mappings.all(),
            "buttons": self.buttons(request, connection, found),
        }
        return super().render_change_form(request, context, *args, **kwargs)
