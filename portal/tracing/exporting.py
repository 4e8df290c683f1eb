"""Sending spans to a collector by OTLP over HTTP. Imported only where tracing is on.

The packages are those of requirements-tracing.txt. Spans are sent by a thread, in batches; a
collector that is away costs spans and no request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import unquote

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from portal.tracing import tasks
from tenants import tracing
from tenants.tracing import NAME, Fact, Facts, Note, SpanKind

SEND_EVERY = 1000  # milliseconds: a worker's process that ends loses what was not sent
STATUS = "http.response.status_code"
TIMEOUT = 5  # seconds of one call to the collector


def start() -> TracerProvider:
    """Have all further requests, tasks and calls traced."""
    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(_address(), headers=_headers(), timeout=TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY))
    tracing.use(partial(_begin, provider.get_tracer("multiconnect")))
    tasks.follow()
    return provider


@contextmanager
def _begin(tracer: trace.Tracer, kind: SpanKind, name: str, facts: Facts) -> Iterator[Note]:
    """Measure a block, inside the span that is open here."""
    # The text of an exception may hold what a peer or a person has sent, so only its name is noted.
    with tracer.start_as_current_span(
        name,
        kind=trace.SpanKind[kind],
        attributes=facts,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield partial(_note, span)
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(trace.StatusCode.ERROR)
            raise


def _note(span: trace.Span, name: str, value: Fact) -> None:
    if name == NAME:
        span.update_name(str(value))
        return
    span.set_attribute(name, value)
    # Also where nothing was raised: Django answers 500 itself, and a queue ends a failed task.
    if name == "error.type" or (name == STATUS and int(value) >= 500):
        span.set_status(trace.StatusCode.ERROR)


def _address() -> str:
    return f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"


def _headers() -> dict[str, str]:
    """Return the headers of OTEL_EXPORTER_OTLP_HEADERS: `name=value`, with commas, URL-encoded."""
    pairs = (each.partition("=") for each in settings.OTEL_EXPORTER_OTLP_HEADERS)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
