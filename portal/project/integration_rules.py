"""The rules for the settings of webhooks and traces."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from django.conf import settings

from portal.project.checks import rule

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_HOST_AND_PORT = re.compile(r"[^\s/@]+:\d{1,5}")


@rule("E057")
def webhook_private_hosts() -> Iterator[str]:
    wrong = [each for each in settings.WEBHOOK_PRIVATE_HOSTS if not _HOST_AND_PORT.fullmatch(each)]
    if wrong:
        yield (
            f"WEBHOOK_PRIVATE_HOSTS holds {wrong[0]!r}: list hosts with their ports, separated by "
            "commas, as 10.0.0.5:8443"
        )


@rule("E058")
def traces() -> Iterator[str]:
    endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not endpoint:
        return
    if not re.match(r"https?://\w", endpoint) or urlsplit(endpoint).query:
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT is not the address of a collector: "
            "heroku config:set OTEL_EXPORTER_OTLP_ENDPOINT=https://collector.your-company.example"
        )
    if not can_trace():
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages are missing: add the line "
            "“-r requirements-tracing.txt” to requirements.txt (elsewhere than on Heroku: "
            "docs/deploying.md), or "
            "heroku config:unset OTEL_EXPORTER_OTLP_ENDPOINT"
        )
    if any("=" not in each for each in settings.OTEL_EXPORTER_OTLP_HEADERS):
        yield "OTEL_EXPORTER_OTLP_HEADERS is a list of name=value, separated by commas"


def can_trace() -> bool:
    """Return whether the packages of requirements-tracing.txt are installed."""
    return all(map(_is_there, PACKAGES))


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the package above it is missing
        return False
