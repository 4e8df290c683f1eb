"""The page of the fleet over time: its charts, read with one statement."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.dashboard import card
from portal.dashboard.card import Card, Shown
from portal.dashboard.fleet import budget_hours, conditions, time_to_live, write_errors

TITLE = "Fleet over time"
CARDS = (
    Card(
        "fleet_conditions",
        "Not healthy, last 30 days",
        conditions.read,
        span=3,
        permission="connect.view_connection",
    ),
    Card("fleet_time_to_live", "Registration to live, by week", time_to_live.read, span=3),
    Card(
        "fleet_write_errors",
        "Write errors by cause",
        write_errors.read,
        permission="connect.view_writeerror",
    ),
    Card(
        "fleet_budget",
        "Heroku calls left, last 48 hours",
        budget_hours.read,
        span=2,
        permission="connect.view_apibudget",
    ),
)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the charts that the user may see."""
    seen = [each for each in CARDS if request.user.has_perm(each.permission)]
    if not seen:
        raise PermissionDenied
    found = card.read(seen, timezone.now())
    context = {
        **admin.site.each_context(request),
        "title": TITLE,
        "cards": [Shown(each, card.html(each, read)) for each, read in found],
    }
    return TemplateResponse(request, "admin/fleet.html", context)
