"""The portal's application, with the addresses of bench.bare beside the portal's own."""

from portal.wsgi import application

__all__ = ["application"]

from django.conf import settings

settings.ROOT_URLCONF = "bench.bare"
