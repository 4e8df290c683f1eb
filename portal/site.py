"""The admin site: its menu, and the door before each page."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.module_loading import import_string

from portal.door import factor
from portal.project.version import VERSION

AppList = list[dict[str, Any]]
View = Callable[..., HttpResponseBase]
Menu = Callable[[HttpRequest, AppList], AppList]
# Named by a string, because this file is read before any model is loaded.
_MENU = "portal.navigation.menu.menu"


class AdminSite(admin.AdminSite):
    site_header = site_title = settings.PRODUCT_NAME
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

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what each page shows. Only staff read the version."""
        context: dict[str, Any] = super().each_context(request)
        return {**context, "version": VERSION if context["has_permission"] else ""}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> AppList:
        """Return the groups of the menu; for the page of one app, Django's list of its models."""
        listed: AppList = super().get_app_list(request, app_label)
        if app_label is not None:
            return listed
        menu: Menu = import_string(_MENU)
        return menu(request, listed)
