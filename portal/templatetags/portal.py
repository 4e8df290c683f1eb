"""What the portal's templates say in their own words."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

from portal.admin import show
from tenants.models import SwitchName

register = template.Library()
register.filter("mapping_state", show.mapping_state)


@register.filter
def switch_name(name: str) -> str:
    """Return a kill switch's name as staff know it."""
    return str(SwitchName(name).label) if name in SwitchName.values else name


@register.filter
def age(moment: datetime) -> str:
    """Return how long ago a moment was, e.g. "40 seconds" or "3 days"."""
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return timesince(moment, depth=1)
