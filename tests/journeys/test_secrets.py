"""No secret leaves its place: not into the database, the queue, logs, mails, pages or CSV.

A tenant goes from the sign-in to off-boarding while every peer fails in between, and repeats in its
error every secret that it may know.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection as database
from django.test import Client, override_settings
from django.urls import NoReverseMatch
from django.utils import timezone
from pytest_django.fixtures import Settings

import emulator as emulated
from connect import tasks
from connect.clients.http import RemoteError
from connect.models import Connection, Health, Stage
from portal.integrations import sending, signing
from portal.integrations.models import LifecycleKind, Webhook, WebhookDelivery, WebhookEvent
from social.collection import collect
from social.models import Trigger
from tenants.models import Proof, SalesforceGrant
from tests import cast, queue
from tests.connect.clients.rawpeer import says, serving
from tests.connect.journey import Journey
from tests.connect.refreshing import refresh_all
from tests.portal.admin import walk
from tests.social.live_tenants import XSide, go_live
from tests.tenants import keys
from tests.tenants.salesforce import begin, decide

# None of them looks like a token.
TELLTALES = {
    "SECRET_KEY": "telltale of the django key, long enough for any check 0123456789",
    "HEROKU_API_TOKEN": "telltale-heroku",
    "REGISTRATION_SECRETS": ["telltale-registration"],
    "METRICS_TOKEN": "telltale-metrics",
    "X_BEARER_TOKEN": "telltale-bearer-of-x",
    "INCIDENT_WEBHOOK_URL": "http://127.0.0.1:9/telltale-webhook",
    "REDIS_URL": "redis://:telltale-redis@127.0.0.1/0",
}
LONG_AGO = timezone.now() - timedelta(days=25)
SYSTEMS = ("heroku", "central", "region", "salesforce")
STATUSES = (400, 401, 403, 422, 429, 500)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that the portal's own log handler writes, at its most talkative."""
    written = io.StringIO()
    [handler] = [
        each
        for each in logging.getLogger().handlers
        if isinstance(each, logging.StreamHandler) and each.filters and each.formatter
    ]
    monkeypatch.setattr(handler, "stream", written)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield written
    logging.getLogger().setLevel(level)


@pytest.fixture
def seeded(db: None, settings: Settings) -> Iterator[list[str]]:
    """The portal with recognisable secrets; returns all of them."""
    for name, value in TELLTALES.items():
        setattr(settings, name, value)
    keys.use(settings, "telltale of the fernet key 0123456789")
    yield [
        "telltale",
        settings.SALESFORCE_SECRET,
    ]
    keys.forget()


def echo(running: emulated.Running, system: str, status: int) -> None:
    """Let the next call fail with a body that repeats every secret."""
    known = list(SalesforceGrant.objects.values_list("access_token", "refresh_token"))
    text = f"refused: {TELLTALES} {known} emulator-secret"
    body = {"id": "bad", "message": text, "error": "bad_request", "error_description": text}
    running.fail(system, times=1, status=status, body=body)


def everything_stored() -> Iterator[tuple[str, str]]:
    """Yield every row of the portal and of the tenants, and the tasks as a worker reads them."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type ="
            " 'BASE TABLE' AND (table_schema = 'public' OR table_schema LIKE 'sf\\_%')"
        )
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{schema}"."{table}" t')  # noqa: S608
            yield from ((table, row[0]) for row in cursor.fetchall())
    yield from (("queue", str(task)) for task in queue.queued())


def everything_shown(client: Client) -> Iterator[tuple[str, str]]:
    """Yield the address and the text of every page and CSV of staff."""
    addresses = ["/admin/", *walk.lists(), *walk.rows()]
    for model in walk.models():
        try:
            addresses.append(walk.page(model, "export"))
        except NoReverseMatch:
            continue
    for address in addresses:
        answer = client.get(address)
        body = b"".join(answer) if answer.streaming else answer.content
        yield address, body.decode()


def leaks(places: Iterator[tuple[str, str]], secrets: list[str]) -> list[Any]:
    """Return where a secret stands, and some of the text around it."""
    return [
        (place, secret, text[max(text.find(secret) - 80, 0) : text.find(secret) + 40])
        for place, text in places
        for secret in secrets
        if secret in text
    ]


def test_no_secret_is_found_anywhere_after_every_peer_has_failed(
    seeded: list[str], emulator: emulated.Running, log: io.StringIO
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    used: set[str] = set()
    for _ in range(60):
        if journey.connection.stage == Stage.LIVE:
            break
        for system in SYSTEMS:
            echo(emulator, system, STATUSES[_ % len(STATUSES)])
        journey.advance()
        emulator.clear_faults()
        Connection.objects.update(blocked_at=None, blocked_reason="")
        journey.connection.refresh_from_db()
        journey.do_the_admins_part()
        used |= {token for row in _tokens() for token in row}
        journey.advance()
    assert journey.connection.stage == Stage.LIVE

    for status in STATUSES:
        for act in (refresh_all, tasks.maintain_health, tasks.check_incidents, queue.drain):
            for system in SYSTEMS:
                echo(emulator, system, status)
            # Idle for long, so that it is refreshed; and not asked about for long.
            SalesforceGrant.objects.update(issued_at=LONG_AGO, refreshed_at=None)
            Health.objects.update(probed_at=None)
            # A task that fails is logged by the worker.
            with suppress(RemoteError):
                act()
            emulator.clear_faults()
            used |= {token for row in _tokens() for token in row}
        tasks.maintain_health()
    fail_a_sign_in(journey)
    fail_at_x(emulator)
    fail_at_a_webhook(journey)
    used |= {token for row in _tokens() for token in row}
    journey.offboard()
    for status in STATUSES:
        for system in SYSTEMS:
            echo(emulator, system, status)
        journey.advance()
        emulator.clear_faults()
        journey.advance()

    assert len(used) > 2
    secrets = [*seeded, *used]
    staff = Client()
    staff.force_login(User.objects.create_superuser("root"))
    assert leaks(everything_shown(staff), secrets) == []
    assert leaks(everything_stored(), secrets) == []
    assert leaks(((str(each.subject), str(each.message())) for each in mail.outbox), secrets) == []
    assert leaks((("log", line) for line in log.getvalue().splitlines()), secrets) == []
    assert "[hidden]" in log.getvalue()


def _tokens() -> list[tuple[str, str]]:
    return list(SalesforceGrant.objects.values_list("access_token", "refresh_token"))


def fail_a_sign_in(journey: Journey) -> None:
    """Sign in again while Salesforce fails at each of the two calls."""
    for path in ("/token$", "/id/00D"):
        client = Client()
        back = decide(journey.running, begin(client, journey.tenant), journey.tenant.org_id)
        text = f"{TELLTALES} {_tokens()} {back} emulator-secret"
        body = {"error": text, "error_description": text}
        journey.running.fail("salesforce", path=path, times=1, status=400, body=body)
        assert client.get(back).status_code >= 400


def fail_at_a_webhook(journey: Journey) -> None:
    """Call a webhook whose receiver quotes the address that was called."""
    with (
        serving() as peer,
        override_settings(
            LIFECYCLE_WEBHOOKS=True, WEBHOOK_PRIVATE_HOSTS=[peer.url.removeprefix("http://")]
        ),
    ):
        url = f"{peer.url}/telltale-hook?key=telltale-query"
        peer.plays(says(f"Cannot POST {url}", 404, Content_Type="text/plain"))
        secret = signing.new_secret()
        webhook = Webhook.objects.create(name="CRM", url=url, host="127.0.0.1", secret=secret)
        event = WebhookEvent.objects.create(
            tenant=journey.tenant, kind=LifecycleKind.LIVE, sequence=1, body="{}"
        )
        WebhookDelivery.objects.create(webhook=webhook, event=event)
        sending.deliver(webhook.pk)
        assert "[hidden]" in WebhookDelivery.objects.get().error


def fail_at_x(running: emulated.Running) -> None:
    """Collect posts while X fails."""
    XSide(running).post("borealis", "Hello")
    go_live(cast.BOREALIS, "borealis")
    for status in STATUSES:
        running.fail("x", times=1, status=status, body={"title": str(TELLTALES), "status": status})
        collect(Trigger.SCHEDULE)
        running.clear_faults()
