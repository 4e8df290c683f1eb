"""The first page of the admin, and its cards alone for the open page."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.dashboard import page, parts
from portal.dashboard.worklist.total import of_worklist


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead from / to the dashboard, or to where the ISV wants its visitors."""
    return HttpResponseRedirect(settings.HOME_URL or reverse("admin:index"))


def index(request: HttpRequest) -> HttpResponse:
    """Show Django's index with the cards."""
    return admin.site.index(request, _cards(request))


@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Answer the cards alone that the open page does not have yet; 204 if it has all."""
    shown, known = _cards(request), parts.known(request.headers)
    fresh = [each for each in shown["cards"] if each.mark not in known]
    if shown["cards"] and not fresh:
        return HttpResponse(status=204)
    numbers = [each.to_look_at for each in fresh if each.to_look_at is not None]
    # Without the request, with which comes the whole menu.
    context = {"cards": fresh, "menu_counts": [of_worklist(number) for number in numbers]}
    return HttpResponse(render_to_string("admin/dashboard_fragment.html", context))


def _cards(request: HttpRequest) -> dict[str, Any]:
    found = page.cards(request, timezone.now())
    return {"cards": found, "refresh_seconds": page.REFRESH_SECONDS}
