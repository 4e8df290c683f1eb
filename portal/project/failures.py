"""What is shown when something fails: one look, a plain sentence, a reference that staff can quote.

The reference is the request id of the log lines. These pages ask no database and need no session,
so they work when nothing else does. Where a machine asks (`/organizations`), the answer is JSON.
"""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from portal.project import request_ids
from tenants import pages

STAFF = "/admin/"
MACHINES = "/organizations"
PROBES = ("/healthz", "/readyz")
RETRY_AFTER = 300  # seconds

_FORBIDDEN = (
    "This is not yours to see",
    "Your role does not include this. A superuser gives roles, under Staff.",
)
_UNKNOWN = ("There is nothing here", "The address is wrong, or what it showed is gone.")
_BROKEN = (
    "Something broke on our side",
    "It is written down with the reference below. Nothing that was saved is lost; trying once "
    "more does no harm.",
)
_BAD = ("This request makes no sense to us", "Go back, load the page again and try once more.")
_STALE = (
    "This page has expired",
    "The page was open for very long, or you logged in elsewhere since. Go back and load it again.",
)
_NO_DATABASE = (
    "The portal cannot reach its database",
    "It comes back by itself. Nothing is lost: what was asked for before goes on where it stopped.",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400; what is too big is told so, with how much may be sent."""
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024**2
        text = f"A form may hold {most:.1f} MB of text. Nothing was changed: go back, send less."
        return _answer(request, 413, "That was too much text", text)
    return _answer(request, 400, *_BAD)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, 403, *_FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, 404, *_UNKNOWN)


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler500; a database that is away is maintenance, not a fault of the portal."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _answer(request, 503, *_NO_DATABASE)
    return _answer(request, 500, *_BROKEN)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its token, for staff; subscribers get their own pages' look."""
    if not request.path.startswith(STAFF):
        return pages.csrf_failure(request, reason)
    return _answer(request, 403, *_STALE)


class MaintenanceMiddleware:
    """While MAINTENANCE is set, answer everything but the probes by 503 and its text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.MAINTENANCE or request.path in PROBES:
            return self.get_response(request)
        return _answer(request, 503, "The portal is being looked after", settings.MAINTENANCE)


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    reference = request_ids.current.get()
    if request.path.startswith(MACHINES):
        told: dict[str, Any] = {"status": status, "message": f"{title}.", "reference": reference}
        response: HttpResponse = JsonResponse(told, status=status)
    else:
        page = {
            "status": status,
            "title": title,
            "text": text,
            "reference": reference,
            "product": settings.PRODUCT_NAME,
            "staff": request.path.startswith(STAFF),
        }
        response = HttpResponse(render_to_string("failure.html", page), status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response
