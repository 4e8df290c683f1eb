"""Facts about the ISV, for pages and mails."""

from django import template
from django.conf import settings

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
