"""A span for each request. It has the route and not the address, which may hold a signed link."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tenants import tracing
from tenants.tracing import NAME, SpanKind

REQUEST_ID = "multiconnect.request_id"


class TracingMiddleware:
    """Measure each request. What a caller sends as `traceparent` is not trusted, and ignored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        method = request.method or "-"
        request_id = str(getattr(request, "request_id", "-"))
        facts = {"http.request.method": method, REQUEST_ID: request_id}
        with tracing.span(SpanKind.SERVER, method, facts) as note:
            response = self.get_response(request)
            note("http.response.status_code", response.status_code)
            if request.resolver_match:
                route = f"/{request.resolver_match.route}"
                note("http.route", route)
                note(NAME, f"{method} {route}")
            return response
