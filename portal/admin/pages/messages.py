"""E-mails to subscribers, and how far each got."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from portal import show
from portal.admin.kit import search
from portal.admin.kit.base import ReadOnlyAdmin
from tenants.models import Message, MessageStatus

# Mails have their styles inline. Nothing else is loaded, run or sent.
_IN_A_FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


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
        return [*self.fields, "as_seen", "written"] if may_read else [*self.fields]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.seen))
        return [path("<int:pk>/seen/", view, name="tenants_message_seen"), *super().get_urls()]

    def seen(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return a mail as its reader sees it, as a page for a frame that runs no script."""
        if not request.user.has_perm("tenants.resend_message"):
            raise PermissionDenied
        headers = {"Content-Security-Policy": _IN_A_FRAME, "X-Frame-Options": "SAMEORIGIN"}
        return HttpResponse(get_object_or_404(Message, pk=pk).html, headers=headers)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.defer("text", "html")

    def tone(self, value: Any) -> str:
        return show.MESSAGE_TONES[MessageStatus(value)]

    @admin.display(description="as the reader sees it")
    def as_seen(self, message: Message) -> str:
        address = reverse("admin:tenants_message_seen", args=[message.pk])
        title = f"The mail “{message.subject}”"
        frame = '<iframe class="mail" sandbox="" loading="lazy" title="{}" src="{}"></iframe>'
        return format_html(frame, title, address)

    @admin.display(description="text")
    def written(self, message: Message) -> str:
        return show.preformatted(message.text)
