"""E-mails to subscribers, and how far each got."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import Message, MessageStatus


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The text of a mail contains the subscriber's link, so not every role sees it."""

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
