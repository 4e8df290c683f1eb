"""/metrics: the portal's numbers for Prometheus, for callers that send METRICS_TOKEN."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from portal.project import metric_families


class Numbers(Collector):
    """All families at one moment, in the form that prometheus_client collects."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each family, with a fixed number of queries."""
        return metric_families.read(self.now)


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Answer the numbers; 401 without the token, 404 where no token is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and constant_time_compare(given, settings.METRICS_TOKEN)
    if not known:
        return HttpResponse(
            "Send METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(text(timezone.now()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def text(now: datetime) -> str:
    """Return all numbers as text."""
    # A registry of its own: the shared one would add the numbers of one web process of several.
    registry = CollectorRegistry()
    registry.register(Numbers(now))
    return generate_latest(registry).decode()
