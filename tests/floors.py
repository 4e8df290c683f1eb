"""The apps of the product: the portal's own, and the use cases on top of them."""

from django.conf import settings

OWN = ("portal", "connect", "tenants")
USE_CASES: tuple[str, ...] = tuple(settings.USE_CASES)
APPS = (*USE_CASES, *OWN)
