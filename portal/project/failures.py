"""Error pages: one design, a plain sentence, and a reference that staff can quote.

The reference is the request id of the log lines. These pages need no database and no session, so
they work when nothing else does. For machine clients (`/organizations`) the answer is JSON.
"""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from psycopg.errors import ReadOnlySqlTransaction

from connect import databases
from portal.integrations.api import problems
from portal.integrations.api.problems import Problem
from portal.project import request_ids
from tenants import pages

STAFF = "/admin/"
MACHINES = "/organizations"
CALLED_BY_MACHINES = (MACHINES, problems.ROOT, "/metrics", "/anymail/")
PROBES = ("/healthz", "/readyz")
RETRY_AFTER = 300  # seconds

_FORBIDDEN = (
    "Access denied",
    "Your role does not include this page or action. A superuser can change roles, under Staff.",
)
_UNKNOWN = ("Page not found", "The address is wrong, or the page no longer exists.")
_BROKEN = (
    "Something went wrong on our side",
    "The error has been logged with the reference below. Saved data is not lost. You can safely "
    "try again.",
)
_BAD = ("This request is not valid", "Go back, reload the page and try again.")
_STALE = (
    "This page has expired",
    "It was open for too long, or you have logged in again in another window. Go back and reload"
    " the page.",
)
_TOO_MANY = ("Too many attempts", "Wait a minute, then try again.")
_NO_DATABASE = (
    "The portal cannot reach its database",
    "It will be available again soon. Nothing is lost: work in progress continues.",
)

_PLAIN_HTTP = (
    "Only https is accepted here",
    "What was sent could be read on its way. Correct the address that the program calls.",
)
_READ_ONLY = (
    "The portal cannot store anything now",
    "Its database is read-only. Nothing was changed: please send it again later.",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400. For a request that is too large it gives the limit."""
    if isinstance(exception, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024**2
        text = f"A form may hold {limit:.1f} MB of text. Nothing was changed: go back, send less."
        return answer(request, 413, "The text is too long", text)
    return answer(request, 400, *_BAD)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer(request, 403, *_FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return answer(request, 404, *_UNKNOWN)


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler500. A database that is away or read-only is answered 503, not 500."""
    error = sys.exc_info()[1]
    if isinstance(getattr(error, "__cause__", None), ReadOnlySqlTransaction):
        return answer(request, 503, *_READ_ONLY)
    if isinstance(error, Error) and databases.passing_failure(error):
        return answer(request, 503, *_NO_DATABASE)
    return answer(request, 500, *_BROKEN)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer attempts that come too fast."""
    return answer(request, 429, *_TOO_MANY)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token, in the design of the pages it came from."""
    if not request.path.startswith(STAFF):
        return pages.csrf_failure(request, reason)
    return answer(request, 403, *_STALE)


class PlainHttpMiddleware:
    """Refuse programs that call without https: a redirect would hide what they give away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if is_plain and request.path.startswith(CALLED_BY_MACHINES):
            return answer(request, 403, *_PLAIN_HTTP)
        return self.get_response(request)


class MaintenanceMiddleware:
    """While MAINTENANCE is set, answer everything except the probes with 503 and its text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.MAINTENANCE or request.path in PROBES:
            return self.get_response(request)
        return answer(request, 503, "The portal is under maintenance", settings.MAINTENANCE)


def answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """Return a page of one message, or JSON for machine clients."""
    reference = request_ids.current.get()
    if request.path.startswith(MACHINES):
        document: dict[str, Any] = {
            "status": status,
            "message": f"{title}.",
            "reference": reference,
        }
        response: HttpResponse = JsonResponse(document, status=status)
    elif request.path.startswith(problems.ROOT):
        response = Problem(status, f"{title}. {text}").response(request)
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
    # The same address works again after the failure.
    response["Cache-Control"] = "no-store"
    return response
