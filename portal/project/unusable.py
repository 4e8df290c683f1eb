"""Staff pages answer 400, and never 500, to what no column, number or date can hold."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse

from portal.project.failures import STAFF, bad_request

log = logging.getLogger(__name__)
# Postgres stores no NUL, and Python reads no number of more than 4,300 digits.
_UNUSABLE = re.compile(r"\x00|\d{4000}")


class UnusableInputMiddleware:
    """Refuse what is unusable before the view, and answer what only the database noticed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Look through the address and the form. Raises BadRequest."""
        if request.path.startswith(STAFF) and any(map(_UNUSABLE.search, _texts(request))):
            raise BadRequest("NUL, or a number of thousands of digits")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a value that does not fit its column, with one line in the log."""
        if not isinstance(error, DataError | OverflowError):
            return None
        log.warning("a value does not fit: %s %s %r", request.method, request.path, error)
        return bad_request(request, error)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path
    for given in (request.GET, request.POST):
        for name, values in given.lists():
            yield from (name, *map(str, values))
    for _, uploads in request.FILES.lists():
        yield from (str(upload.name) for upload in uploads)
