"""What is wrong for longer than a moment, and what the portal did about it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from connect import remedies
from connect.models import HealingAttempt, Incident, IncidentStatus, WebhookNotice
from connect.remedies import INCIDENTS
from connect.standing import TONES, Word
from portal import moments, remedy_pages, show
from portal.actions import action as registry
from portal.actions.subject import Subject
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.buttons import Button
from portal.admin.kit.filters import AttentionFilter
from portal.admin.panels import incident as panel
from tenants.models import Tenant

STATUS_TONES = {
    IncidentStatus.SUSPECTED: show.WAIT,
    IncidentStatus.OPEN: show.BAD,
    IncidentStatus.CLOSED: show.MUTED,
}


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin, ActionsAdmin):
    """What went wrong, what the portal did about it, and who was notified."""

    change_form_template = "admin/connect/incident/change_form.html"
    empty = (
        "Nothing has gone wrong for long. What lasts is noted here, and staff are notified once."
    )

    list_display = (
        "kind",
        "coloured_status",
        "target",
        "suspected_at",
        "closed_at",
        "attempts",
        "needs_person_since",
        "text",
    )
    list_filter = (AttentionFilter, "status", "kind", "region_url")
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
        "what_to_do",
    )
    fields = (
        "kind",
        "coloured_status",
        "tenant",
        "region_url",
        "suspected_at",
        "opened_at",
        "seen_at",
        "observation_count",
        "absent_since",
        "closed_at",
        "attempts",
        "next_attempt_at",
        "needs_person_since",
        "owner",
        "snoozed_until",
        "snooze_note",
        "webhook",
    )

    def tone(self, value: Any) -> str:
        return STATUS_TONES[IncidentStatus(value)]

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the one right action first, which is done on its tenant."""
        return [*_right(request, row, self.page_of(row)), *super().buttons(request, row)]

    @admin.display(description="status", ordering="status")
    def coloured_status(self, incident: Incident) -> str:
        if incident.is_recovering:
            return show.badge(str(Word.RECOVERING.label), TONES[Word.RECOVERING])
        status = IncidentStatus(incident.status)
        return show.badge(str(status.label), STATUS_TONES[status])

    @admin.display(description="tenant")
    def tenant(self, incident: Incident) -> str:
        return show.link(incident.connection.tenant) if incident.connection else "-"

    def exported(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # In the order of remedies.of_incident, which says the same of one row.
        cases = (
            When(status=IncidentStatus.CLOSED, then=Value(remedies.OVER.in_words)),
            When(status=IncidentStatus.SUSPECTED, then=Value(remedies.SUSPECTED.in_words)),
            When(absent_since__isnull=False, then=Value(remedies.RECOVERING.in_words)),
            *(When(kind=kind, then=Value(each.in_words)) for kind, each in INCIDENTS.items()),
        )
        with_remedies: QuerySet[Any] = queryset.annotate(what_to_do=Case(*cases))
        return with_remedies

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        incident = context["original"]
        tone = STATUS_TONES[IncidentStatus(incident.status)]
        context |= {"badge": self.coloured_status(incident), "tone": tone}
        context |= panel.context(incident)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="webhook")
    def webhook(self, incident: Incident) -> str:
        return _lines((each.what, _sent(each)) for each in incident.notices.all())


@admin.register(HealingAttempt)
class HealingAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "incident", "step", "text")
    list_filter = ("remedy",)
    list_select_related = ("incident__connection__tenant",)
    date_hierarchy = "at"

    @admin.display(description="remedy", ordering="remedy")
    def step(self, attempt: HealingAttempt) -> str:
        return panel.in_words(attempt.remedy)


@admin.register(WebhookNotice)
class WebhookNoticeAdmin(ReadOnlyAdmin):
    list_display = (
        *("what", "incident", "rollout", "attempts"),
        *("sent_at", "next_attempt_at", "error"),
    )
    list_filter = ("what",)
    list_select_related = ("incident__connection__tenant", "rollout__template")


def _right(request: HttpRequest, incident: Incident, back: str) -> list[Button]:
    """Return the remedy's button; none if nobody has to act, or the user may not."""
    remedy, connection = remedies.of_incident(incident), incident.connection
    if connection is None:
        return []
    tenant = connection.tenant
    if remedy.page:
        where = remedy_pages.address(remedy.page, tenant)
        return [Button(remedy.page.value, remedy.do, where, asks=False, posts=False, weight="")]
    offered = registry.offered(Tenant, request.user, Subject(tenant, connection))
    url = reverse("admin:tenants_tenant_act", args=[tenant.pk, remedy.action or "-"])
    where = f"{url}?{urlencode({'back': back})}"
    return [
        Button(each.label, each.explains, where, each.asks, posts=not each.asks, weight="")
        for each in offered
        if each.name == remedy.action
    ]


def _sent(notice: WebhookNotice) -> str:
    if notice.sent_at is None:
        return notice.error or "waiting"
    return format_html("sent {}", moments.element(notice.sent_at, alone=True))


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    rows = format_html_join("", "<li><strong>{}</strong> {}</li>", pairs)
    return format_html("<ul>{}</ul>", rows) if rows else "-"
