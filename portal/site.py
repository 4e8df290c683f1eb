"""The staff's desk: the admin site, its index and the order of what is on it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

QUEUE = "django_q"
_NAMES = {QUEUE: "Queue", "auth": "Staff"}
_APPS = ("tenants", "connect", "social", QUEUE, "auth")
_MODELS = (
    "Tenant",
    "Event",
    "Message",
    "Callout",
    "SalesforceGrant",
    "Switch",
    "RateBucket",
    "UsedSignature",
    "Connection",
    "Health",
    "Incident",
    "WriteError",
    "WriteRepair",
    "Notification",
    "Diagnosis",
    "HealingAttempt",
    "WebhookNotice",
    "Mapping",
    "MappingTemplate",
    "DefaultTemplate",
    "Rollout",
    "RolloutItem",
    "Drift",
    "Tag",
    "HealthSample",
    "ApiBudget",
    "CollectionRun",
    "TenantCollection",
    "Handle",
    "Post",
    "Spend",
    "BulkRun",
    "BulkItem",
    "OrmQ",
    "Failure",
    "Success",
    "Schedule",
    "Heartbeat",
)
AppList = list[dict[str, Any]]


class AdminSite(admin.AdminSite):
    site_header = site_title = "Multiconnect"
    index_title = "Operations"
    site_url = None

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> AppList:
        """Return the apps in the order of the work, the portal's own rows among the queue's."""
        apps: dict[str, dict[str, Any]] = {
            app["app_label"]: app for app in super().get_app_list(request, app_label)
        }
        if QUEUE in apps and "portal" in apps:
            apps[QUEUE]["models"] += apps.pop("portal")["models"]
        for label, app in apps.items():
            app["name"] = _NAMES.get(label, app["name"])
            app["models"].sort(key=lambda model: _place(_MODELS, model["object_name"]))
        return sorted(apps.values(), key=lambda app: _place(_APPS, app["app_label"]))

    def get_urls(self) -> list[Any]:
        own = path("dashboard/", self.admin_view(self.dashboard), name="dashboard")
        return [own, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, {**self._cards(request), **(extra_context or {})})

    @method_decorator(require_safe)
    def dashboard(self, request: HttpRequest) -> TemplateResponse:
        """Answer the cards alone: what the open page replaces its own by."""
        return TemplateResponse(request, "admin/includes/dashboard.html", self._cards(request))

    def _cards(self, request: HttpRequest) -> dict[str, Any]:
        from portal.dashboard import page  # it knows portal.admin, whose modules register here

        cards = page.cards(request.user, timezone.now())
        return {"cards": cards, "refresh_seconds": page.REFRESH_SECONDS}


def _place(order: tuple[str, ...], name: str) -> int:
    return order.index(name) if name in order else len(order)
