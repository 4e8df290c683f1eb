"""Facts about the ISV, for pages and mails."""

from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince

from tenants import brand

register = template.Library()


@register.simple_tag
def product_name() -> str:
    """Return the product's name as subscribers know it."""
    name: str = settings.PRODUCT_NAME
    return name


@register.simple_tag
def contact_email() -> str:
    """Return the address that subscribers can write to."""
    address: str = settings.DEV_EMAIL
    return address


@register.simple_tag
def brand_colour(name: str) -> str:
    """Return a colour of the brand, for mails."""
    return brand.colours()[name]


@register.filter
def ago(moment: datetime) -> str:
    """Say how long ago something was."""
    is_now = timezone.now() - moment < timedelta(minutes=1)
    return "just now" if is_now else f"{timesince(moment)} ago"
