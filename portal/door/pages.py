"""What allauth's pages need of the admin: its menu and its name."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from portal.project.failures import STAFF


def admin_context(request: HttpRequest) -> dict[str, Any]:
    """Return the admin's own context, for pages of the staff that are not the admin's."""
    match = request.resolver_match
    if match is None or match.app_name == "admin" or not request.path.startswith(STAFF):
        return {}
    context = admin.site.each_context(request)
    sso = settings.OIDC_NAME if settings.OIDC else ""
    return {**context, "single_sign_on": sso, "is_nav_sidebar_enabled": context["has_permission"]}
