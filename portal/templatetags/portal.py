"""What the portal's templates say in their own words."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

from connect.health.models import Diagnosis
from portal.admin import health, health_panel, show

register = template.Library()
register.filter("mapping_state", show.mapping_state)


@register.filter
def worth_a_look(diagnosis: Diagnosis) -> list[str]:
    """Return the errors and warnings of a diagnosis, ready to be shown."""
    return [health.finding(each) for each in health_panel.worth_a_look(diagnosis)]


@register.filter
def age(moment: datetime) -> str:
    """Return how long ago a moment was, e.g. "40 seconds" or "3 days"."""
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return timesince(moment, depth=1)
