"""Webhooks with their delivery log, and the tokens of the read API."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from connect.formats import counted
from portal import moments, show
from portal.admin.forms.api_token import ApiTokenForm
from portal.admin.forms.webhook import WebhookForm
from portal.admin.kit import search
from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import PortalAdmin, ReadOnlyAdmin
from portal.admin.kit.proven import ShownOnce
from portal.integrations.models import (
    ApiToken,
    LifecycleKind,
    Scope,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryStatus,
)

STATUS_TONES = {
    WebhookDeliveryStatus.WAITING: show.BUSY,
    WebhookDeliveryStatus.DELIVERED: show.GOOD,
    WebhookDeliveryStatus.FAILED: show.BAD,
}
_OFF = "{0} is off, so {1}: heroku config:set {0}=true"


class Noted(PortalAdmin):
    """A list that says so while its setting is off."""

    setting, without = "", ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        is_on = getattr(settings, self.setting)
        note = "" if is_on else _OFF.format(self.setting, self.without)
        return super().changelist_view(request, {"note": note, **(extra_context or {})})


@admin.register(Webhook)
class WebhookAdmin(Noted, ShownOnce):
    """The address and the secret are never shown, only the host."""

    setting, without = "LIFECYCLE_WEBHOOKS", "nothing is noted or sent"
    use_of_made = (
        "Your own system checks each call's signature with it. If it is lost, add another webhook "
        "and switch this one off."
    )
    empty = "Add one, and your own systems learn when a tenant registers, goes live or breaks."
    form = WebhookForm
    noted_fields = ("name", "kinds", "is_on")
    list_display = ("name", "host", "state", "events", "waiting", "created_at")
    list_filter = ("is_on",)
    search_fields = ("name", "host")
    readonly_fields = ("state", "host", "failures", "created_at", "next_attempt_at")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if not self.has_change_permission(request, obj) and obj is not None:
            return ((None, {"fields": ("name", "events", "is_on", *self.readonly_fields)}),)
        form = (None, {"fields": ("name", "new_url", "kinds", "is_on")})
        return (form, ("Now", {"fields": self.readonly_fields})) if obj else (form,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        rows: QuerySet[Webhook] = super().get_queryset(request)
        # An index holds what waits; a join would read the whole log.
        waiting = WebhookDelivery.objects.filter(
            webhook=OuterRef("pk"), status=WebhookDeliveryStatus.WAITING
        )
        number = waiting.order_by().values("webhook").annotate(number=Count("pk"))
        return rows.annotate(waiting=Coalesce(Subquery(number.values("number")), 0))

    @admin.display(description="state")
    def state(self, webhook: Webhook) -> str:
        if not webhook.is_on or not settings.LIFECYCLE_WEBHOOKS:
            return show.badge("Off", show.MUTED)
        if webhook.failures:
            return show.badge(f"{counted(webhook.failures, 'call')} failed in a row", show.BAD)
        return show.badge("On", show.GOOD)

    @admin.display(description="events")
    def events(self, webhook: Webhook) -> str:
        labels = dict(LifecycleKind.choices)
        return ", ".join(str(labels.get(each, each)) for each in webhook.kinds)

    @admin.display(description="waiting to be sent")
    def waiting(self, webhook: Any) -> str:
        return f"{webhook.waiting:,}"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(Noted, ReadOnlyAdmin, ActionsAdmin):
    """The delivery log: what each webhook got, and what it answered."""

    setting, without = "LIFECYCLE_WEBHOOKS", "nothing is sent"
    empty = "A line for each event and each webhook appears here."
    list_display = (
        *("at", "kind", "tenant", "webhook", "badge", "attempts"),
        *("answer", "next_attempt_at", "error"),
    )
    list_filter = ("status", "webhook")
    list_select_related = ("event__tenant", "webhook")
    tenant_path = "event__tenant"
    search_help_text = search.HELP
    tally_by = "status"
    tally_newest = True
    fields = (
        *("webhook", "event", "uid", "sequence", "status", "attempts", "answer", "error"),
        *("at", "delivered_at", "next_attempt_at", "body"),
    )

    def tone(self, value: Any) -> str:
        return STATUS_TONES[WebhookDeliveryStatus(value)]

    @admin.display(description="status", ordering="status")
    def badge(self, delivery: WebhookDelivery) -> str:
        return show.badge(delivery.get_status_display(), self.tone(delivery.status))

    @admin.display(description="noted", ordering="event__at")
    def at(self, delivery: WebhookDelivery) -> str:
        return moments.element(delivery.event.at)

    @admin.display(description="event")
    def kind(self, delivery: WebhookDelivery) -> str:
        return str(LifecycleKind(delivery.event.kind).label)

    @admin.display(description="tenant")
    def tenant(self, delivery: WebhookDelivery) -> str:
        return show.link(delivery.event.tenant)

    @admin.display(description="id")
    def uid(self, delivery: WebhookDelivery) -> str:
        return show.identifier(str(delivery.event.uid))

    @admin.display(description="number of the tenant's event")
    def sequence(self, delivery: WebhookDelivery) -> int:
        return delivery.event.sequence

    @admin.display(description="what is sent")
    def body(self, delivery: WebhookDelivery) -> str:
        return show.document(json.loads(delivery.event.body))


@admin.register(ApiToken)
class ApiTokenAdmin(Noted, ShownOnce, ActionsAdmin):
    """Made by managers, shown once, and never changed: only revoked."""

    setting, without = "READ_API", "no token opens anything"
    noun_of_made = "token"
    use_of_made = "Your own system sends it as “Authorization: Bearer …” to /api/v1."
    empty = "Add one for each of your own systems that reads the API."
    form = ApiTokenForm
    list_display = ("name", "begins", "state", "reads", "made_by", "expires_at", "last_used_at")
    search_fields = ("name", "begins")
    _FACTS = (
        *("name", "begins", "state", "reads", "made_by", "made_at"),
        *("expires_at", "revoked_at", "last_used_at"),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = self._FACTS if obj else ("name", "scopes", "valid_for")
        return ((None, {"fields": fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self._FACTS if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.made_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def audited(self, obj: ApiToken) -> str:
        """Return what the token may read, and until when."""
        return f"Begins with {obj.begins}, may read {self.reads(obj)}, until {obj.expires_at:%F}."

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return show.badge("Revoked", show.MUTED)
        if token.expires_at <= timezone.now():
            return show.badge("Expired", show.MUTED)
        return show.badge("Valid", show.GOOD)

    @admin.display(description="may read")
    def reads(self, token: ApiToken) -> str:
        labels = dict(Scope.choices)
        return ", ".join(str(labels.get(each, each)) for each in token.scopes)
