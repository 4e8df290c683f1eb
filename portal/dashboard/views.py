"""The first page of the admin, and its cards alone for the open page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.dashboard import page


def index(request: HttpRequest) -> HttpResponse:
    """Show Django's index with the cards."""
    return admin.site.index(request, _cards(request))


@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Answer the cards alone: an open page replaces its own with them."""
    return TemplateResponse(request, "admin/includes/dashboard.html", _cards(request))


def _cards(request: HttpRequest) -> dict[str, Any]:
    found = page.cards(request.user, timezone.now())
    return {"cards": found, "refresh_seconds": page.REFRESH_SECONDS}
