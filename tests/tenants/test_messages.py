"""E-mails: written once, sent at least once, and never silently lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
import time_machine
from anymail.exceptions import AnymailRecipientsRefused
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connections, transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from connect import links as connect_links
from tenants import links, messages, sending, tasks, timeline
from tenants.models import (
    EventKind,
    GrantStatus,
    Message,
    MessageKind,
    MessageStatus,
    Tenant,
)
from tests import cast
from tests.tenants.test_progress import grant

pytestmark = pytest.mark.django_db
FOR_SUBSCRIBERS = [kind for kind in MessageKind if kind not in messages.STAFF_KINDS]


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


def queued() -> list[tuple[str, tuple[int, ...]]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("pk")]


def now(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# --- writing -------------------------------------------------------------------------------------
@time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False)  # a link has its second
@pytest.mark.parametrize("kind", FOR_SUBSCRIBERS)
def test_every_mail_says_who_we_are_why_it_comes_what_to_do_how_long_and_whom_to_ask(
    acme: Tenant, kind: MessageKind, settings: Settings
) -> None:
    settings.PRODUCT_NAME = "Northwind Social"
    message = messages.queue(acme, kind, "key")
    link = connect_links.authorize_url if kind.startswith("authorize") else links.sign_in_url
    assert message.to == "ops@acme.example"
    assert acme.name in message.subject
    for part in (message.text, message.html):
        assert part.count(link(acme)) == 1
        for expected in ("Northwind Social", acme.org_id, "30 days", "connect@isv.example"):
            assert expected in part
    assert acme.name in message.text
    assert "Acme &amp; Söhne &quot;West&quot;" in message.html
    assert "{" not in message.text
    assert "\n\n\n" not in message.text


def test_reminders_do_not_read_like_the_first_mail(acme: Tenant) -> None:
    for kind in (MessageKind.SIGN_IN, MessageKind.AUTHORIZE):
        first = messages.queue(acme, kind, f"{kind}")
        again = messages.queue(acme, MessageKind(f"{kind}_reminder"), f"{kind} again")
        assert again.subject.startswith("Reminder: ")
        assert "still waits" in again.text
        assert "still waits" not in first.text


@pytest.mark.parametrize(("of_tenant", "kind"), [(True, "blocked"), (False, "portal")])
def test_an_alert_says_what_is_wrong_and_where_to_act(
    acme: Tenant, settings: Settings, of_tenant: bool, kind: str
) -> None:
    settings.STAFF_EMAILS = ["ada@isv.example", "bob@isv.example"]
    message = messages.notify_staff(
        acme if of_tenant else None, "key", "Acme & Co is blocked", "Name <taken>."
    )
    place = f"/admin/tenants/tenant/{acme.pk}/change/" if of_tenant else "/admin/"
    assert (message.kind, message.to) == (kind, "ada@isv.example, bob@isv.example")
    assert message.subject == "[Multiconnect] Acme & Co is blocked"
    assert "Name <taken>." in message.text
    assert "Name &lt;taken&gt;." in message.html
    for part in (message.text, message.html):
        assert f"http://testserver{place}" in part


def test_without_staff_addresses_an_alert_says_why_it_stays(
    acme: Tenant, settings: Settings
) -> None:
    settings.STAFF_EMAILS = []
    message = messages.notify_staff(acme, "key", "Blocked", "Text.")
    assert (message.status, queued()) == (MessageStatus.FAILED, [])
    assert "set STAFF_EMAILS" in message.error


def test_the_same_key_is_written_and_queued_once(acme: Tenant) -> None:
    first = messages.queue(acme, MessageKind.SIGN_IN, "key")
    assert messages.queue(acme, MessageKind.LIVE, "key") == first
    assert Message.objects.count() == 1
    assert queued() == [("tenants.sending.send", (first.pk, 0))]


@pytest.mark.django_db(transaction=True)
def test_ten_threads_with_the_same_key_write_one_message(acme: Tenant) -> None:
    def write(_: int) -> int:
        try:
            return messages.queue(acme, MessageKind.SIGN_IN, "key").pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert len(set(threads.map(write, range(10)))) == 1
    assert len(queued()) == 1


def test_a_change_that_is_rolled_back_takes_its_mail_along(acme: Tenant) -> None:
    with transaction.atomic():
        messages.queue(acme, MessageKind.SIGN_IN, "key")
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert queued() == []


NAMES = [
    "Acme\r\nBcc: eve@evil.example",
    "Acme\n\nDear customer",
    'Müller & Söhne "West" <x@y.example>',
    "株式会社 🚀" * 10,
    "x" * 255,
    "{{ link }}{% now 'Y' %}",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_an_org_breaks_a_header_or_a_page(
    acme: Tenant, mailoutbox: list[EmailMessage], name: str
) -> None:
    acme.name = name
    acme.save()
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    assert len(message.subject.splitlines()) == 1
    assert len(message.subject) <= 255
    sent = message_from_bytes(mailoutbox[0].message().as_bytes())
    assert sent["To"] == "ops@acme.example"
    assert sent["Bcc"] is None
    assert "<x@y.example>" not in message.html


# --- sending -------------------------------------------------------------------------------------
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
    assert queued() == [("tenants.sending.send", (message.pk, 0))]


def test_only_so_many_are_queued_at_once_and_none_that_is_done(acme: Tenant) -> None:
    for number in range(4):
        messages.queue(acme, MessageKind.SIGN_IN, f"key {number}")
    Message.objects.filter(key="key 0").update(status=MessageStatus.SENT)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert [sending.queue_due(2) for _ in range(3)] == [2, 1, 0]


# --- again ---------------------------------------------------------------------------------------
def test_the_mail_that_fits_is_sent_again_with_a_fresh_link(acme: Tenant) -> None:
    first = messages.resend(acme.pk, "Ada")
    assert first is not None
    assert first.kind == MessageKind.SIGN_IN
    grant(acme)
    assert messages.resend(acme.pk, "Ada") is None  # the portal's turn: nothing to ask for
    timeline.note(acme, EventKind.STAGE, "…", stage="waiting_for_authorization")
    second = messages.resend(acme.pk, "Ada")
    third = messages.resend(acme.pk, "Ada")
    assert second is not None
    assert third is not None
    assert (second.kind, third.kind) == (MessageKind.AUTHORIZE, MessageKind.AUTHORIZE)
    assert second.pk != third.pk
    timeline.note(acme, EventKind.AUTHORIZED, "…", stage="importing_mappings")
    timeline.note(acme, EventKind.LIVE, "…", stage="live")
    fourth = messages.resend(acme.pk, "Ada")
    assert fourth is not None
    assert fourth.kind == MessageKind.LIVE
    events = acme.events.filter(kind=EventKind.STAFF_ACTION, actor="Ada")
    assert events.count() == 4
    assert "again to ops@acme.example" in events[0].text


def test_nothing_is_sent_to_a_tenant_that_left(acme: Tenant) -> None:
    grant(acme, GrantStatus.REVOKED)
    Tenant.objects.update(offboarded_at=timezone.now())
    assert messages.resend(acme.pk, "Ada") is None


def test_the_task_behind_the_button_returns_what_it_did(acme: Tenant) -> None:
    assert "is queued" in tasks.resend(acme.pk, "Ada")
    grant(acme)
    assert tasks.resend(acme.pk, "Ada") == "There is no mail to send at this stage."
