"""The apps of the product: the portal's own, and the use cases on top of them."""

from django.conf import settings

OWN: tuple[str, ...] = settings.OWN_APPS
USE_CASES: tuple[str, ...] = tuple(settings.USE_CASES)
APPS: tuple[str, ...] = settings.FLOORS
