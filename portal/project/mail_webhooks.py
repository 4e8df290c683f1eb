"""The address for the delivery reports of the mail provider: the active provider's and no other.

It is mounted only with something that proves the sender: WEBHOOK_SECRET, or the provider's own
signing key. A report that cannot be read gets 400.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

import anymail.urls
from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.urls import URLPattern, path

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


class _Guard:
    """Turns every error of reading a report into 400; our own errors stay 500."""

    def run_validators(self, request: HttpRequest) -> None:
        try:
            super().run_validators(request)  # type: ignore[misc]  # a mix-in of anymail's views
        except SuspiciousOperation:
            raise
        except Exception as error:
            raise _malformed(error) from error

    def parse_events(self, request: HttpRequest) -> list[Any]:
        try:
            events: list[Any] = super().parse_events(request)  # type: ignore[misc]  # as above
        except SuspiciousOperation:
            raise
        except Exception as error:
            raise _malformed(error) from error
        return events


def _guarded(view: type[Any]) -> type[Any]:
    return type(f"Guarded{view.__name__}", (_Guard, view), {})


def _malformed(error: Exception) -> SuspiciousOperation:
    log.warning("unreadable delivery report: %s", type(error).__name__)
    failure: SuspiciousOperation = AnymailWebhookValidationFailure("The report cannot be read.")
    return failure
