"""Sending of e-mails: at least once, never silently lost."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from anymail.exceptions import AnymailRecipientsRefused
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.test import override_settings
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from tenants import messages, sending
from tenants.models import (
    EventKind,
    Message,
    MessageKind,
    MessageStatus,
    Tenant,
)
from tests import cast
from tests.queue import queued_calls

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME)


class BrokenBackend(EmailBackend):
    """A mail server that is down."""

    error: Exception = ConnectionRefusedError("no mail server")

    def send_messages(self, _: Any) -> int:
        raise self.error


class RefusingBackend(BrokenBackend):
    """A provider that knows the address as dead."""

    error = AnymailRecipientsRefused("suppressed")


class FrozenBackend(BrokenBackend):
    """A mail server that answers a worker so late that another one has sent the mail."""

    def send_messages(self, _: Any) -> int:
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
            sending.send(Message.objects.get().pk, 1)
        raise self.error


def now(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_sent_mail_is_on_the_row_and_the_timeline(
    acme: Tenant, mailoutbox: list[EmailMessage]
) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    mail: Any = mailoutbox[0]
    assert (mail.to, mail.from_email) == (["ops@acme.example"], "connect@isv.example")
    assert (mail.subject, mail.body) == (message.subject, message.text)
    assert mail.alternatives[0] == (message.html, "text/html")
    assert (mail.tags, mail.metadata) == (["sign_in"], {"message": str(message.pk)})
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    sent = now(message)
    assert (sent.status, sent.attempts) == (MessageStatus.SENT, 1)
    assert sent.sent_at is not None
    event = acme.events.get(kind=EventKind.MESSAGE)
    assert event.text == "Sent “Please sign in” to ops@acme.example."


def test_each_member_of_staff_is_a_recipient(
    mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.STAFF_EMAILS = ["ada@isv.example", "bob@isv.example"]
    sending.send(messages.notify_staff(None, "key", "Trouble", "Text.").pk)
    assert mailoutbox[0].to == ["ada@isv.example", "bob@isv.example"]


def test_the_providers_id_is_kept(acme: Tenant, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    assert now(message).provider_id == "0"


def test_a_task_that_comes_twice_sends_once(acme: Tenant, mailoutbox: list[EmailMessage]) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    for _ in range(2):
        sending.send(message.pk, 0)
    assert len(mailoutbox) == 1
    sending.send(message.pk + 1, 0)  # a row that is not there (yet) is nobody's fault
    assert len(mailoutbox) == 1


def test_a_task_that_comes_again_late_does_not_jump_the_queue(
    acme: Tenant, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    sending.send(message.pk, 0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sending.send(message.pk, 0)
    assert mailoutbox == []
    sending.send(message.pk, 1)
    assert len(mailoutbox) == 1


def test_a_late_failure_of_an_earlier_attempt_does_not_send_again_what_is_sent(
    acme: Tenant, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    settings.EMAIL_BACKEND = f"{__name__}.FrozenBackend"
    sending.send(message.pk, 0)
    assert len(mailoutbox) == 1
    assert (now(message).status, now(message).error) == (MessageStatus.SENT, "")


def test_a_failed_attempt_is_followed_by_the_next_with_growing_pauses(
    acme: Tenant, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for attempt in range(5):
            sending.send(message.pk, attempt)
            failed = now(message)
            assert (failed.status, failed.attempts) == (MessageStatus.QUEUED, attempt + 1)
            pauses.append(at(failed) - timezone.now())
            clock.move_to(at(failed))
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        sending.send(message.pk, 5)
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480)]
    assert (now(message).status, now(message).error) == (MessageStatus.SENT, "")
    assert len(mailoutbox) == 1


def at(message: Message) -> datetime:
    assert message.next_attempt_at is not None
    return message.next_attempt_at


def test_after_the_last_attempt_a_mail_has_failed_and_staff_can_see_it(
    acme: Tenant, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    for attempt in range(8):
        sending.send(message.pk, attempt)
    failed = now(message)
    assert (failed.status, failed.attempts) == (MessageStatus.FAILED, 6)
    assert failed.error == "ConnectionRefusedError: no mail server"
    assert "could not be sent" in acme.events.get(kind=EventKind.MESSAGE).text


def test_a_refused_recipient_is_not_tried_again(acme: Tenant, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    assert (now(message).status, now(message).attempts) == (MessageStatus.FAILED, 1)


def test_a_mail_fails_if_the_worker_died_in_all_attempts(
    acme: Tenant, mailoutbox: list[EmailMessage]
) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    Message.objects.update(attempts=6)
    sending.send(message.pk, 6)
    assert now(message).status == MessageStatus.FAILED
    assert "died during every attempt" in acme.events.get(kind=EventKind.MESSAGE).text
    assert mailoutbox == []


def test_an_attempt_is_counted_before_it_is_made(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: Message) -> str:
        raise SystemExit  # as django-q2 ends a task that takes too long

    monkeypatch.setattr(sending, "_deliver", die)
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    with pytest.raises(SystemExit):
        sending.send(message.pk)
    assert (now(message).attempts, now(message).status) == (1, MessageStatus.QUEUED)


def test_what_is_due_is_queued_again_and_not_each_second(acme: Tenant) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    OrmQ.objects.all().delete()  # the task is lost
    assert sending.queue_due(10) == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert sending.queue_due(10) == 1
        assert sending.queue_due(10) == 0
    assert queued_calls() == [("tenants.sending.send", (message.pk, 0))]


def test_only_so_many_are_queued_at_once_and_none_that_is_done(acme: Tenant) -> None:
    for number in range(4):
        messages.queue(acme, MessageKind.SIGN_IN, f"key {number}")
    Message.objects.filter(key="key 0").update(status=MessageStatus.SENT)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert [sending.queue_due(2) for _ in range(3)] == [2, 1, 0]
