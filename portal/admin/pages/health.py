"""What staff see of the fleet's health: incidents, diagnoses, notifications, connections."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from connect.models import (
    Condition,
    Diagnosis,
    HealingAttempt,
    Health,
    HealthSample,
    Incident,
    IncidentStatus,
    Notification,
    WebhookNotice,
)
from connect.write_errors import scan
from portal.actions.subject import Subject
from portal.admin.kit import search, show
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.subjects import SubjectAdmin
from portal.admin.pages import health_panel

_STATUS_TONES = {
    IncidentStatus.SUSPECTED: show.WAIT,
    IncidentStatus.OPEN: show.BAD,
    IncidentStatus.CLOSED: show.QUIET,
}


class OfAConnection(ReadOnlyAdmin, SubjectAdmin):
    """Rows about a connection: what can be done to it can be done here."""

    list_select_related = ("connection__tenant",)
    tenant_path = "connection__tenant"
    search_help_text = search.HELP

    def subject(self, row: Any) -> Subject:
        return Subject(row.connection.tenant, row.connection)

    @admin.display(description="tenant", ordering="connection__tenant__name")
    def tenant(self, row: Any) -> str:
        return show.link(row.connection.tenant)


@admin.register(Health)
class HealthAdmin(OfAConnection):
    search_fields = ("reason",)
    tally_by = "condition"
    ordering = ("-connection",)
    exports = (
        "connection__tenant__name",
        "connection__tenant__org_id",
        "condition",
        "reason",
        "since",
        "unknown_since",
        "good_at",
        "uptime_day",
        "uptime_week",
        "uptime_month",
        "rows",
        "backlog",
    )
    list_display = (
        "connection",
        "coloured_condition",
        "state",
        "since",
        "good_at",
        "lately",
        "day",
        "week",
        "month",
        "write_errors",
        "backlog",
        "backlog_since",
        "rows_of_plan",
    )
    list_filter = ("condition", "connection__state", "view_all_data", "connection__stage")
    fields = (
        "tenant",
        "coloured_condition",
        "state",
        "reason",
        "since",
        "unknown_since",
        "good_at",
        "paused_by",
        "day",
        "week",
        "month",
        "lately",
        "write_errors",
        "backlog",
        "backlog_since",
        "rows_of_plan",
        "scanned_at",
        "tables_missing",
        "ordered_writes",
        "view_all_data",
        "organization_id",
        "probed_at",
        "package_gone_at",
        "diagnosed_at",
        "deep_at",
    )

    def tone(self, value: Any) -> str:
        return health_panel.TONES[Condition(value)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Health]:
        newest = HealthSample.objects.order_by("-at")[: health_panel.SPARK_SAMPLES]
        samples = Prefetch("connection__samples", newest, to_attr="newest_samples")
        rows: QuerySet[Health] = super().get_queryset(request)
        return rows.select_related("connection__tenant").prefetch_related(samples)

    @admin.display(description="condition", ordering="condition")
    def coloured_condition(self, health: Health) -> str:
        return health_panel.condition(health)

    @admin.display(description="state", ordering="connection__state")
    def state(self, health: Health) -> str:
        return show.state(health.connection.state)

    @admin.display(description="lately")
    def lately(self, health: Any) -> str:
        return health_panel.sparkline(health.connection.newest_samples)

    @admin.display(description="24 h", ordering="uptime_day")
    def day(self, health: Health) -> str:
        return health_panel.percent(health.uptime_day)

    @admin.display(description="7 days", ordering="uptime_week")
    def week(self, health: Health) -> str:
        return health_panel.percent(health.uptime_week)

    @admin.display(description="30 days", ordering="uptime_month")
    def month(self, health: Health) -> str:
        return health_panel.percent(health.uptime_month)

    @admin.display(description="rows of the plan's", ordering="rows")
    def rows_of_plan(self, health: Health) -> str:
        limit = scan.row_limit(health.connection)
        if limit is None:
            return f"{health.rows:,}"
        tone = show.BAD if health.rows > 0.9 * limit else show.QUIET
        return show.badge(f"{health.rows:,} of {limit:,}", tone)


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """What went wrong, what the portal did, and whom it told."""

    empty = "Nothing has gone wrong for long. What lasts is noted here and told once."

    list_display = (
        "kind",
        "coloured_status",
        "whom",
        "opened_at",
        "closed_at",
        "attempts",
        "needs_person_since",
        "text",
    )
    list_filter = ("status", "kind", "region_url")
    list_select_related = ("connection__tenant",)
    date_hierarchy = "suspected_at"
    tenant_path = "connection__tenant"
    tally_by = "status"
    search_fields = ("text",)
    search_help_text = f"{search.HELP}, region"
    found_by = ("region_url",)
    exports = (
        "kind",
        "status",
        "connection__tenant__name",
        "connection__tenant__org_id",
        "region_url",
        "text",
        "suspected_at",
        "opened_at",
        "closed_at",
        "attempts",
        "needs_person_since",
    )
    fields = (
        "kind",
        "coloured_status",
        "tenant",
        "region_url",
        "text",
        "suspected_at",
        "opened_at",
        "seen_at",
        "sights",
        "away_since",
        "closed_at",
        "attempts",
        "next_attempt_at",
        "needs_person_since",
        "done",
        "told",
    )

    def tone(self, value: Any) -> str:
        return _STATUS_TONES[IncidentStatus(value)]

    @admin.display(description="status", ordering="status")
    def coloured_status(self, incident: Incident) -> str:
        status = IncidentStatus(incident.status)
        return show.badge(str(status.label), _STATUS_TONES[status])

    @admin.display(description="tenant")
    def tenant(self, incident: Incident) -> str:
        return show.link(incident.connection.tenant) if incident.connection else "-"

    @admin.display(description="self-healing")
    def done(self, incident: Incident) -> str:
        return _lines(
            (f"{each.at:%Y-%m-%d %H:%M:%S}", each.text) for each in incident.healing.all()
        )

    @admin.display(description="webhook")
    def told(self, incident: Incident) -> str:
        return _lines(
            (each.what, f"sent {each.sent_at}" if each.sent_at else each.error or "waits")
            for each in incident.notices.all()
        )


def _lines(pairs: Any) -> str:
    rows = format_html_join("", "<li><strong>{}</strong> {}</li>", pairs)
    return format_html("<ul>{}</ul>", rows) if rows else "-"


@admin.register(HealingAttempt)
class HealingAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "incident", "remedy", "text")
    list_filter = ("remedy",)
    list_select_related = ("incident__connection__tenant",)
    date_hierarchy = "at"


@admin.register(WebhookNotice)
class WebhookNoticeAdmin(ReadOnlyAdmin):
    list_display = ("incident", "what", "attempts", "sent_at", "next_attempt_at", "error")
    list_filter = ("what",)
    list_select_related = ("incident__connection__tenant",)


@admin.register(Diagnosis)
class DiagnosisAdmin(OfAConnection):
    search_fields = ("trouble",)
    list_display = ("asked_at", "tenant", "errors", "warnings", "ended_at", "trouble", "actor")
    list_filter = ("errors", "warnings")
    date_hierarchy = "asked_at"
    fields = ("tenant", "asked_at", "actor", "ended_at", "trouble", "findings_with_links")

    @admin.display(description="findings")
    def findings_with_links(self, diagnosis: Diagnosis) -> str:
        rows = format_html_join(
            "", "<li>{}</li>", ((finding(each),) for each in diagnosis.findings)
        )
        return format_html("<ul>{}</ul>", rows) if rows else "-"


_PILE_TONES = {"errors": show.BAD, "warnings": show.WAIT, "passes": show.GOOD}


def finding(found: dict[str, str]) -> str:
    """Return one finding of a diagnosis: how bad, about what, what to do, and where to read."""
    link = format_html('<a href="{}" rel="noreferrer">Read more</a>', found["link"])
    return format_html(
        "{} {}<strong>{}</strong>: {} {}",
        show.badge(found["pile"].rstrip("s"), _PILE_TONES.get(found["pile"], show.QUIET)),
        f"{found['about']}: " if found["about"] else "",
        *(found["title"], found["message"], link if found["link"] else ""),
    )


@admin.register(Notification)
class NotificationAdmin(OfAConnection):
    """Heroku Connect's own notifications: the fleet's inbox."""

    list_display = ("at", "tenant", "event_type", "message", "acknowledged_at", "acknowledged_by")
    list_filter = (("acknowledged_at", admin.EmptyFieldListFilter), "event_type")
    date_hierarchy = "at"
    search_fields = ("message",)
    fields = ("tenant", "at", "event_type", "message", "acknowledged_at", "acknowledged_by")
