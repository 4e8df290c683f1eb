"""The address for delivery reports: whose it is, and what it makes of junk."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from portal import urls
from portal.project import mail_webhooks
from tenants import messages, sending
from tenants.models import Event, Message, MessageKind, MessageStatus
from tests import cast

KEY = "test-signing-key"
CHANGED = (Message, Event, OrmQ)  # what a report can change
SECRET = "mail:test-password"
BACKEND = "anymail.backends.{}.EmailBackend"


def routes(provider: str, **known: str) -> list[str]:
    return [str(each.pattern) for each in mail_webhooks.patterns(BACKEND.format(provider), known)]


@pytest.mark.parametrize("provider", ["mailgun", "postmark", "sendgrid", "brevo", "resend"])
def test_only_the_active_providers_address_is_mounted(provider: str) -> None:
    assert routes(provider, WEBHOOK_SECRET=SECRET) == [f"anymail/{provider}/tracking/"]


def test_without_a_proof_of_the_sender_there_is_no_address() -> None:
    assert routes("mailgun") == []
    assert routes("mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY) == ["anymail/mailgun/tracking/"]
    # The key of another provider proves nothing.
    assert routes("postmark", MAILGUN_WEBHOOK_SIGNING_KEY=KEY) == []


@pytest.mark.parametrize("backend", ["", "django.core.mail.backends.smtp.EmailBackend", "x"])
def test_a_backend_without_reports_has_no_address(backend: str) -> None:
    assert mail_webhooks.patterns(backend, {"WEBHOOK_SECRET": SECRET}) == []


def mount(settings: Settings, provider: str, **known: str) -> None:
    """Serve the portal as if it had been started with these settings."""
    settings.ANYMAIL = {**settings.ANYMAIL, **known}
    found = mail_webhooks.patterns(BACKEND.format(provider), settings.ANYMAIL)
    settings.ROOT_URLCONF = type(
        "URLs", (), {**vars(urls), "urlpatterns": [*urls.urlpatterns, *found]}
    )


def report(provider: str, body: bytes, password: str = SECRET) -> HttpResponse:
    basic = base64.b64encode(password.encode()).decode()
    answer: Any = Client().post(
        f"/anymail/{provider}/tracking/",
        body,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Basic {basic}",
    )
    return answer  # type: ignore[no-any-return]  # the test client's stubs name a subclass


@pytest.mark.django_db
@pytest.mark.parametrize("provider", ["postmark", "brevo", "mailgun"])
@pytest.mark.parametrize(
    "body", [b"[" * 3000, b'{"a":' * 3000, b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff", b"[1]"]
)
def test_an_unreadable_report_gets_400(settings: Settings, provider: str, body: bytes) -> None:
    key = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY} if provider == "mailgun" else {}
    mount(settings, provider, WEBHOOK_SECRET=SECRET, **key)
    assert report(provider, body).status_code == 400


def everything() -> str:
    """Return all rows that a report can change."""
    return str([list(model._default_manager.order_by("pk").values()) for model in CHANGED])


def signed_by_mailgun(
    key: str, variables: object, *, age: int = 0, event: str = "delivered"
) -> bytes:
    moment, token = str(int(time.time()) - age), "t" * 50
    signature = hmac.new(key.encode(), f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    document = {
        "signature": {"timestamp": moment, "token": token, "signature": signature},
        "event-data": {
            "event": event,
            "timestamp": time.time(),
            "user-variables": variables,
        },
    }
    return json.dumps(document).encode()


@pytest.mark.django_db
def test_mailguns_report_counts_only_with_its_signing_key(settings: Settings) -> None:
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY)
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    named = {"message": str(message.pk)}
    assert report("mailgun", signed_by_mailgun("another key", named)).status_code == 400
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert report("mailgun", signed_by_mailgun(KEY, named)).status_code == 200
    message.refresh_from_db()
    assert message.status == MessageStatus.DELIVERED


@pytest.mark.django_db
@pytest.mark.parametrize("variables", [[1], "x", 7])
def test_a_signed_report_with_odd_variables_gets_400(settings: Settings, variables: object) -> None:
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY)
    assert report("mailgun", signed_by_mailgun(KEY, variables)).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "status"), [(8, 200), (10, 400), (80_000, 400), (-10, 400)])
def test_an_old_signature_gets_400(settings: Settings, hours: int, status: int) -> None:
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY)
    body = signed_by_mailgun(KEY, {}, age=hours * 3600)
    assert report("mailgun", body).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("event", ["delivered", "failed"])
def test_a_report_that_is_repeated_changes_nothing(settings: Settings, event: str) -> None:
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY)
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    body = signed_by_mailgun(KEY, {"message": str(message.pk)}, event=event)
    assert report("mailgun", body).status_code == 200
    before = everything()
    for _ in range(2):
        assert report("mailgun", body).status_code == 200
    assert everything() == before


@pytest.mark.django_db
def test_a_late_or_repeated_report_undoes_no_bounce(settings: Settings) -> None:
    mount(settings, "mailgun", MAILGUN_WEBHOOK_SIGNING_KEY=KEY)
    message = messages.queue(cast.enrol(cast.ACME), MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    named = {"message": str(message.pk)}
    delivered, bounced = (signed_by_mailgun(KEY, named, event=e) for e in ("delivered", "failed"))
    for body in (delivered, bounced, delivered, bounced):
        report("mailgun", body)
    message.refresh_from_db()
    assert message.status == MessageStatus.BOUNCED
    # Of the bounce one alert, however often it is reported.
    assert Message.objects.exclude(pk=message.pk).count() == 1
