"""Spans of requests, tasks and calls reach a collector over HTTP, and hold no secret."""

import gzip
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django_q.signals import post_execute_in_worker, pre_execute
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from opentelemetry.sdk.trace import TracerProvider
from pytest_django.fixtures import Settings

from portal.project import integration_rules
from portal.tracing import exporting, tasks
from portal.tracing.requests import TracingMiddleware
from tenants import links, tracing
from tenants.http import context
from tenants.http.errors import RemoteError
from tenants.http.peer import Peer
from tests import cast
from tests.connect.clients.rawpeer import RawPeer, header, says, serving
from tests.documents import ROOT

ON = "portal.tracing.requests.TracingMiddleware"
ERROR = Status.StatusCode.STATUS_CODE_ERROR
APPS = ("tenants", "connect", "portal", "social")
IMPORTS = re.compile(r"import opentelemetry|from opentelemetry|tracing import exporting")
AFTER = "portal.project.request_ids.RequestIdMiddleware"


@pytest.fixture
def collector() -> Iterator[RawPeer]:
    with serving() as peer:
        peer.plays(says(b"", Content_Type="application/x-protobuf"))
        yield peer


@pytest.fixture
def provider(collector: RawPeer, settings: Settings) -> Iterator[TracerProvider]:
    """Tracing as it is where the setting is set."""
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url
    settings.OTEL_EXPORTER_OTLP_HEADERS = ["api-key=telltale%20key"]
    place = settings.MIDDLEWARE.index(AFTER) + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], ON, *settings.MIDDLEWARE[place:]]
    provider = exporting.start()
    yield provider
    tracing.use(None)
    pre_execute.disconnect(tasks._begin)
    post_execute_in_worker.disconnect(tasks._end)
    provider.shutdown()


def spans(provider: TracerProvider, collector: RawPeer) -> list[dict[str, Any]]:
    """Return what the collector has received: the name, the kind and the facts of each span."""
    provider.force_flush()
    found = []
    for request in collector.requests:
        body = request.partition(b"\r\n\r\n")[2]
        if header(request, "Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        exported = ExportTraceServiceRequest.FromString(body)
        for each in exported.resource_spans[0].scope_spans[0].spans:
            facts = {
                fact.key: fact.value.string_value or fact.value.int_value
                for fact in each.attributes
            }
            found.append({"name": each.name, "failed": each.status.code == ERROR, **facts})
    return found


@pytest.mark.django_db
def test_a_request_is_a_span_with_its_route_and_request_id(
    provider: TracerProvider, collector: RawPeer
) -> None:
    acme = cast.enrol(cast.ACME)
    signed = links.sign_in_url(acme).rpartition("/")[2]
    address = f"/authenticate/{signed}?token=telltale"
    answer = Client().get(address, headers={"Cookie": "a=telltale"})
    (span,) = spans(provider, collector)
    assert span["name"] == "GET /authenticate/<str:signed>"
    assert span["http.response.status_code"] == answer.status_code == 200
    assert not span["failed"]
    assert span["multiconnect.request_id"] == answer["X-Request-ID"]
    sent = b"".join(each.partition(b"\r\n\r\n")[2] for each in collector.requests)
    assert b"telltale" not in sent
    assert signed.encode() not in sent
    assert header(collector.requests[0], "api-key") == "telltale key"


def test_a_call_to_a_peer_is_a_span_inside_that_of_its_task(
    provider: TracerProvider, collector: RawPeer
) -> None:
    task = {"id": "t1", "func": "tenants.sending.send", "name": "telltale", "args": ("telltale",)}
    with serving() as raw:
        raw.plays(says('{"message": "telltale"}', 500, Request_Id="peer-1"))
        pre_execute.send(sender="django_q", func=None, task=task)
        with context.working_for("00DB00000002NDmMAM"), suppress(RemoteError):
            Peer("Heroku", raw.url, token="telltale").call("POST", "/telltale", document={})
        post_execute_in_worker.send(sender="django_q", func=None, task={**task, "success": False})
    call, run = spans(provider, collector)
    assert run["name"] == "task tenants.sending.send"
    assert run["error.type"] == "task"
    assert run["failed"]
    assert call["failed"]
    assert call["name"] == "POST Heroku"
    assert call["http.response.status_code"] == 500
    assert call["multiconnect.peer_request_id"] == "peer-1"
    assert call["multiconnect.tenant"] == "00DB00000002NDmMAM"
    assert call["error.type"] == "Uncertain"
    assert not any(b"telltale" in each.partition(b"\r\n\r\n")[2] for each in collector.requests)


@pytest.mark.parametrize(("status", "failed"), [(200, False), (404, False), (500, True)])
def test_a_request_that_ends_with_an_error_of_the_portal_is_a_failed_span(
    provider: TracerProvider, collector: RawPeer, status: int, failed: bool
) -> None:
    traced = TracingMiddleware(lambda request: HttpResponse(status=status))
    traced(RequestFactory().get("/"))
    (span,) = spans(provider, collector)
    assert (span["http.response.status_code"], span["failed"]) == (status, failed)


@pytest.mark.django_db
def test_a_collector_that_is_away_fails_no_request(
    provider: TracerProvider, collector: RawPeer
) -> None:
    collector.plays(says("", 400))
    assert Client().get("/healthz").status_code == 200
    assert len(spans(provider, collector)) == 1


def test_without_the_setting_nothing_is_measured_and_nothing_is_imported() -> None:
    assert ON not in portal_settings.MIDDLEWARE
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in files}
    importing = {name for name, text in texts.items() if IMPORTS.search(text)}
    assert importing == {"portal/tracing/exporting.py", "portal/apps.py"}
    # Indented: below the question whether the setting is set.
    assert re.search(r"\n {12}from portal.tracing import exporting\n", texts["portal/apps.py"])


def test_a_block_without_tracing_costs_a_function_that_does_nothing() -> None:
    with tracing.span(tracing.SpanKind.CLIENT, "x", {}) as note:
        note("a", 1)


def test_missing_packages_are_a_finding_and_not_a_crash(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integration_rules, "PACKAGES", ("no_such_package.sdk",))
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "https://collector.isv.example"
    (said,) = integration_rules.traces()
    assert "requirements-tracing.txt" in said
