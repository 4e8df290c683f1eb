"""The address for the delivery reports of the mail provider: the active provider's and no other.

It is mounted only with something that proves the sender: WEBHOOK_SECRET, or the provider's own
signing key. A report that cannot be read gets 400.
"""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

import anymail.urls
from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.urls import URLPattern, path

from tenants.json_depth import is_too_deep

log = logging.getLogger(__name__)

_BACKEND = re.compile(r"anymail\.backends\.(\w+)\.EmailBackend")
WEBHOOK_SECRET = "WEBHOOK_SECRET"  # noqa: S105  (a setting's name)
# The settings for the keys with which providers sign; the others have only WEBHOOK_SECRET.
SIGNING_KEYS = {
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "sendgrid": "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
}


def patterns(backend: str, known: Mapping[str, Any]) -> list[URLPattern]:
    """Return the address of the provider of an EMAIL_BACKEND, [] if there is none.

    `known` are anymail's settings.
    """
    found = _BACKEND.fullmatch(backend)
    provider = found[1] if found else ""
    if WEBHOOK_SECRET not in known and SIGNING_KEYS.get(provider) not in known:
        return []  # anybody could report a delivery or a bounce
    name = f"{provider}_tracking_webhook"
    views = [each.callback.view_class for each in anymail.urls.urlpatterns if each.name == name]
    return [path(f"anymail/{provider}/tracking/", _guarded(each).as_view()) for each in views]


# Mailgun repeats a report for 8 hours. A repeated one changes nothing (tenants.delivery_reports).
MAX_AGE = 9 * 3600  # seconds


class _Guard:
    """Turns every error of reading a report into 400; our own errors stay 500."""

    def run_validators(self, request: HttpRequest) -> None:
        try:
            _require_flat(request)
            super().run_validators(request)  # type: ignore[misc]  # a mix-in of anymail's views
        except SuspiciousOperation:
            raise
        except Exception as error:
            raise _malformed(error) from error

    def parse_events(self, request: HttpRequest) -> list[Any]:
        try:
            events: list[Any] = super().parse_events(request)  # type: ignore[misc]  # as above
            for each in events:
                dict(each.metadata or {})  # a list or a text is not a report of ours
        except SuspiciousOperation:
            raise
        except Exception as error:
            raise _malformed(error) from error
        return events


class _MailgunGuard(_Guard):
    """Refuses old signatures too: Mailgun's own check does not look at their time."""

    def parse_events(self, request: HttpRequest) -> list[Any]:
        events = super().parse_events(request)
        if not _is_recent(request):
            raise AnymailWebhookValidationFailure("The report was signed too long ago.")
        return events


def _require_flat(request: HttpRequest) -> None:
    if is_too_deep(request.body.decode()):
        raise AnymailWebhookValidationFailure("The report is nested too deeply.")


def _is_recent(request: HttpRequest) -> bool:
    try:
        signed_at = int(json.loads(request.body)["signature"]["timestamp"])
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(error) from error
    return abs(time.time() - signed_at) <= MAX_AGE


def _guarded(view: type[Any]) -> type[Any]:
    guard = _MailgunGuard if view.__name__.startswith("Mailgun") else _Guard
    return type(f"Guarded{view.__name__}", (guard, view), {})


def _malformed(error: Exception) -> SuspiciousOperation:
    log.warning("unreadable delivery report: %s", type(error).__name__)
    failure: SuspiciousOperation = AnymailWebhookValidationFailure("The report cannot be read.")
    return failure
