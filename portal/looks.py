"""The looks that an open page takes by itself, to renew its parts: see static/portal/live.js."""

from django.http import HttpRequest

HEADER = "X-Live-Known"  # the marks of what the browser shows, separated by commas


def is_look(request: HttpRequest) -> bool:
    """Return whether the page asks by itself, and no person has clicked."""
    return HEADER in request.headers
