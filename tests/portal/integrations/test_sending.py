"""Webhooks are called with signed events, again after a failure, in order, and with an end."""

import json
import logging
import time
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal.integrations import sending, signing
from portal.integrations.models import (
    LifecycleKind,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEvent,
)
from tenants import messages
from tenants.http.limits import Limits
from tenants.models import Message, Tenant
from tests import cast
from tests.connect.clients.rawpeer import RawPeer, drips, drops, header, is_silent, says
from tests.queue import drain

pytestmark = pytest.mark.django_db
WAITING, DELIVERED, FAILED = WebhookDeliveryStatus
BODY = '{"type": "tenant.live", "name": "Söhne"}'


def write(webhook: Webhook, tenant: Tenant, sequence: int = 1) -> WebhookDelivery:
    """Store an event of a tenant with its delivery."""
    event = WebhookEvent.objects.create(
        tenant=tenant, kind=LifecycleKind.LIVE, sequence=sequence, body=BODY
    )
    return WebhookDelivery.objects.create(webhook=webhook, event=event)


@pytest.fixture
def acme(db: None) -> Tenant:
    return cast.enrol(cast.ACME)


def work() -> None:
    """Do what is due, as the worker does."""
    sending.queue_due(10)
    drain()


def let_time_pass() -> None:
    """Make due what waits: the webhook rests, and the delivery backs off."""
    now = timezone.now()
    Webhook.objects.update(next_attempt_at=now)
    WebhookDelivery.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)


def test_an_event_arrives_once_and_signed(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    delivery = write(webhook, acme)
    work()
    work()
    (request,) = receiver.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook HTTP/1.1")
    assert body == BODY.encode()
    uid = str(delivery.event.uid)
    sent = int(header(request, "Webhook-Timestamp") or "0")
    assert abs(sent - time.time()) < 60
    wanted = signing.headers(webhook.secret, uid, sent, body)
    assert {name: header(request, name) for name in wanted} == wanted
    delivery.refresh_from_db()
    assert (delivery.status, delivery.answer, delivery.error) == (DELIVERED, 200, "")
    assert delivery.delivered_at


ANSWERS: list[Any] = [
    pytest.param(says("", 500), "Webhook answered 500", id="500"),
    pytest.param(says("", 404), "Webhook answered 404", id="404"),
    pytest.param(says("", 301, Location="http://169.254.169.254/"), "a redirect to", id="redirect"),
    pytest.param(says("x" * 70_000), "more than 65536 bytes", id="too much"),
    pytest.param(is_silent, "no", id="silence"),
    pytest.param(drips(b" " * 500, 0.05), "no complete answer", id="a slow answer"),
    pytest.param(drops, "the connection broke", id="dropped"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS)
def test_an_answer_that_is_not_2xx_in_time_is_a_failed_attempt_and_another_follows(
    webhook: Webhook,
    receiver: RawPeer,
    acme: Tenant,
    answer: Any,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = Limits(connect=1, read=0.3, total=0.5, body=64 * 1024, retries=0)
    monkeypatch.setattr(sending, "LIMITS", quick)
    receiver.plays(answer, says("ok", Content_Type="text/plain"))
    delivery = write(webhook, acme)
    work()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (WAITING, 1)
    assert words in delivery.error
    assert delivery.next_attempt_at
    assert timedelta() < delivery.next_attempt_at - timezone.now() <= timedelta(minutes=1)
    let_time_pass()
    work()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == (DELIVERED, "")
    assert len({header(each, "Webhook-Id") for each in receiver.requests}) == 1
    assert not any(b"169.254" in each for each in receiver.requests)


@pytest.mark.parametrize("body", ["ok", "<html>ok</html>", "{"])
def test_any_complete_2xx_is_taken_also_as_text_or_a_page(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, body: str
) -> None:
    receiver.plays(says(body, 200, Content_Type="text/html"))
    delivery = write(webhook, acme)
    work()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == (DELIVERED, "")


@pytest.mark.parametrize("path", ["/hook/", "/hook?key=ab/", "/"])
def test_the_address_is_called_as_it_was_entered(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, path: str
) -> None:
    webhook.url = f"{receiver.url}{path}"
    webhook.save()
    write(webhook, acme)
    work()
    assert receiver.requests[0].startswith(f"POST {path} HTTP/1.1".encode())


PATHS = ["/services/telltale-1/x?key=telltale%202&b=1", "/telltale-of-a-path", "?k=telltale-3"]


@pytest.mark.parametrize("path", PATHS)
def test_the_address_comes_back_in_no_error_and_in_no_log(
    webhook: Webhook,
    receiver: RawPeer,
    acme: Tenant,
    path: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhook.url = f"{receiver.url}{path}"
    webhook.save()
    said = f"Cannot POST {path} or {unquote(path)}, {webhook.url}, {path.split('/')}"
    quoted = json.dumps({"message": said}).replace("/", "\\/")
    delivery = write(webhook, acme)
    caplog.set_level(logging.DEBUG)
    for answer in (says(said, 404, Content_Type="text/plain"), says(quoted, 404)):
        receiver.plays(answer)
        let_time_pass()
        work()
        delivery.refresh_from_db()
        assert "Cannot POST" in delivery.error
        assert "telltale" not in delivery.error + caplog.text


def test_the_end_comes_after_eight_attempts_and_resend_begins_again(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    receiver.plays(says("", 500))
    delivery = write(webhook, acme)
    for _ in range(12):
        work()
        let_time_pass()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (FAILED, 8)
    assert delivery.next_attempt_at is None
    assert len(receiver.requests) == 8
    mail = Message.objects.get()
    assert "could not be delivered in 8 attempts" in mail.text
    assert acme.name not in mail.text
    receiver.plays(says("ok", Content_Type="text/plain"))
    assert sending.send_again(delivery)
    assert not sending.send_again(delivery)
    let_time_pass()
    work()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DELIVERED, 1)


def test_an_attempt_that_kills_its_worker_each_time_ends_too(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    delivery = write(webhook, acme)
    WebhookDelivery.objects.update(attempts=8)
    work()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == (FAILED, sending.DIED)
    assert receiver.requests == []
    assert "in 8 attempts. The worker died" in Message.objects.get().text


def test_the_mail_is_there_before_the_delivery_has_failed(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.plays(says("", 500))
    delivery = write(webhook, acme)
    WebhookDelivery.objects.update(attempts=7)
    seen: list[str] = []

    def notify(*_args: Any, **_options: Any) -> None:
        seen.extend(statuses(delivery))

    monkeypatch.setattr(messages, "notify_staff", notify)
    work()
    assert [*seen, *statuses(delivery)] == [WAITING, FAILED]


def test_a_slow_receiver_costs_one_call_and_rests_as_long_as_it_took(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SLOW", 0.1)
    receiver.plays(drips(b" " * 10, 0.05))
    for each in (acme, cast.enrol(cast.DUNE)):
        write(webhook, each)
    work()
    assert len(receiver.requests) == 1
    webhook.refresh_from_db()
    rest = webhook.next_attempt_at - timezone.now()
    assert timedelta() < rest <= timedelta(seconds=1)
    assert (webhook.failures, webhook.lease) == (0, None)
    assert sending.queue_due(10) == 0


def test_what_is_switched_off_in_between_gets_no_further_call(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (acme, cast.enrol(cast.DUNE)):
        write(webhook, each)

    call = sending._call

    def switch_off(delivery: WebhookDelivery) -> int:
        Webhook.objects.update(is_on=False)
        return call(delivery)

    monkeypatch.setattr(sending, "_call", switch_off)
    work()
    assert len(receiver.requests) == 1


def test_retry_after_is_kept_where_it_is_later(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    receiver.plays(says("", 429, Retry_After=600))
    delivery = write(webhook, acme)
    work()
    delivery.refresh_from_db()
    assert delivery.next_attempt_at
    assert delivery.next_attempt_at - timezone.now() > timedelta(minutes=9)


def test_a_tenants_later_event_waits_and_another_tenants_does_not(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    receiver.plays(says("", 500), says("ok", Content_Type="text/plain"))
    first, second = write(webhook, acme, 1), write(webhook, acme, 2)
    other = write(webhook, cast.enrol(cast.DUNE))
    work()
    Webhook.objects.update(next_attempt_at=timezone.now())  # it has rested
    work()
    assert statuses(first, second, other) == [WAITING, WAITING, DELIVERED]
    let_time_pass()
    work()
    assert statuses(first, second, other) == [DELIVERED, DELIVERED, DELIVERED]
    sent = [header(each, "Webhook-Id") for each in receiver.requests]
    order = [first, other, first, second]
    assert sent == [str(each.event.uid) for each in order]


def statuses(*deliveries: WebhookDelivery) -> list[str]:
    for each in deliveries:
        each.refresh_from_db()
    return [each.status for each in deliveries]


def test_a_webhook_that_is_away_costs_one_call_and_rests_longer_each_time(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    receiver.plays(drops)
    for each in (acme, cast.enrol(cast.DUNE), cast.enrol(cast.EMBER)):
        write(webhook, each)
    rests = []
    for number in range(3):
        work()
        assert sending.queue_due(10) == 0
        assert len(receiver.requests) == number + 1
        webhook.refresh_from_db()
        rests.append(webhook.next_attempt_at - timezone.now())
        Webhook.objects.update(next_attempt_at=timezone.now())
    assert [round(rest.total_seconds(), -1) for rest in rests] == [10, 20, 40]
    assert webhook.failures == 3
    assert webhook.lease is None


def test_nothing_is_sent_while_it_is_off(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, settings: Settings
) -> None:
    write(webhook, acme)
    Webhook.objects.update(is_on=False)
    work()
    Webhook.objects.update(is_on=True)
    settings.LIFECYCLE_WEBHOOKS = False
    work()
    sending.deliver(webhook.pk)
    assert receiver.requests == []


def test_a_lost_task_is_queued_again_and_two_tasks_send_once(
    webhook: Webhook, receiver: RawPeer, acme: Tenant
) -> None:
    write(webhook, acme)
    assert sending.queue_due(10) == 1
    assert sending.queue_due(10) == 0
    assert sending.queue_due(10, timedelta()) == 1
    drain()
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://events.isv.example/"}, "Only https"),
        ({"url": "https://169.254.169.254/"}, "private address"),
        ({"url": ""}, "Enter an address"),
        ({"secret": ""}, "no key of SECRET"),
    ],
)
def test_a_row_that_may_not_be_called_fails_with_the_reason(
    webhook: Webhook, receiver: RawPeer, acme: Tenant, fields: dict[str, str], words: str
) -> None:
    Webhook.objects.update(**fields)
    delivery = write(webhook, acme)
    work()
    delivery.refresh_from_db()
    assert words in delivery.error
    assert receiver.requests == []
