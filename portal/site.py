"""The admin site: its index and the order of apps and models."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from portal.door import factor

QUEUE = "django_q"
_NAMES = {
    QUEUE: "Queue",
    "auth": "Staff",
    "mfa": "Second factors",
    "socialaccount": "Single sign-on",
}
SEES = "tenants.view_tenant"
_PAGES = {"setup": "Setting up"}
_APPS = ("tenants", "connect", *settings.USE_CASES, QUEUE, "mfa", "socialaccount", "auth")
_MODELS = (
    "Tenant",
    "Event",
    "Message",
    "Callout",
    "SalesforceGrant",
    "Switch",
    "RateBucket",
    "UsedSignature",
    "Erasure",
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
    "HostApp",
    "Discrepancy",
    "Reconciliation",
    "ApiBudget",
    "BulkRun",
    "BulkItem",
    "AuditEntry",
    "OrmQ",
    "Failure",
    "Success",
    "Schedule",
    "Heartbeat",
)
AppList = list[dict[str, Any]]
View = Callable[..., HttpResponseBase]


class AdminSite(admin.AdminSite):
    site_header = site_title = "Multiconnect"
    index_title = "Operations"
    # No "View site": the portal has no public pages to go to.
    site_url = None

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Keep every page from those who lack the second factor that is required."""

        def behind_the_door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request) and factor.is_missing(request):
                messages.warning(request, "Add a second factor first: an app or a passkey.")
                return HttpResponseRedirect(reverse("mfa_index"))
            return view(request, *args, **kwargs)

        return super().admin_view(behind_the_door, cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> AppList:
        """Return the apps in our order; the portal's models are listed under the queue."""
        apps: dict[str, dict[str, Any]] = {
            app["app_label"]: app for app in super().get_app_list(request, app_label)
        }
        if QUEUE in apps and "portal" in apps:
            apps[QUEUE]["models"] += apps.pop("portal")["models"]
        for label, app in apps.items():
            app["name"] = _NAMES.get(label, app["name"])
            app["models"].sort(key=lambda model: self._place_of(model))
        found = sorted(apps.values(), key=lambda app: _place(_APPS, app["app_label"]))
        return [*found, *self._help(request)] if app_label is None and found else found

    def _help(self, request: HttpRequest) -> AppList:
        """Return the pages that show no rows, as an app of its own in the menu."""
        if not request.user.has_perm(SEES):
            return []
        pages = [
            {"name": name, "object_name": view, "admin_url": reverse(view), "view_only": True}
            for view, name in _PAGES.items()
        ]
        app = {"name": "Help", "app_label": "help", "app_url": reverse("setup")}
        return [{**app, "has_module_perms": True, "models": pages}]

    def _place_of(self, model: dict[str, Any]) -> tuple[int, int]:
        """Sort models that are not in the list, those of a use case, as they were registered."""
        return _place(_MODELS, model["object_name"]), list(self._registry).index(model["model"])


def _place(order: tuple[str, ...], name: str) -> int:
    return order.index(name) if name in order else len(order)
