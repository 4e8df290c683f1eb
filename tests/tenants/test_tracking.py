"""What the mail provider reports."""

import pytest
from anymail.signals import AnymailTrackingEvent, tracking

from tenants import messages, sending
from tenants.models import EventKind, Message, MessageKind, MessageStatus, Tenant
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME)


@pytest.fixture
def sent(acme: Tenant) -> Message:
    """A mail that was sent."""
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    sending.send(message.pk)
    return message


def report(kind: str, message: object, **more: str) -> None:
    event = AnymailTrackingEvent(
        event_type=kind, metadata={"message": message} if message is not None else {}, **more
    )
    tracking.send(sender=None, event=event, esp_name="Postmark")


def status() -> str:
    return Message.objects.get(kind=MessageKind.SIGN_IN).status


def test_a_delivery_is_noted(sent: Message) -> None:
    report("delivered", str(sent.pk))
    assert status() == MessageStatus.DELIVERED


@pytest.mark.parametrize("kind", ["bounced", "rejected", "failed"])
@pytest.mark.parametrize("after_delivery", [True, False])
def test_a_bounce_is_recorded_once_and_staff_are_notified(
    acme: Tenant, sent: Message, kind: str, after_delivery: bool
) -> None:
    if after_delivery:
        report("delivered", str(sent.pk))
    for _ in range(2):
        report(kind, str(sent.pk), description="550 no such user")
    assert status() == MessageStatus.BOUNCED
    assert (
        acme.events.filter(kind=EventKind.MESSAGE, text__contains="550 no such user").count() == 1
    )
    alert = Message.objects.get(kind=MessageKind.BLOCKED)
    assert "came back: 550 no such user" in alert.text
    assert acme.name in alert.subject


def test_a_report_that_outruns_our_own_note_counts(acme: Tenant) -> None:
    message = messages.queue(acme, MessageKind.SIGN_IN, "key")
    report("bounced", str(message.pk))
    assert status() == MessageStatus.QUEUED  # nothing was sent yet: a report of somebody else's
    Message.objects.update(attempts=1)
    report("bounced", str(message.pk))
    assert status() == MessageStatus.BOUNCED


def test_a_late_delivery_does_not_hide_a_bounce(sent: Message) -> None:
    report("bounced", str(sent.pk))
    report("delivered", str(sent.pk))
    assert status() == MessageStatus.BOUNCED


def test_an_alert_that_comes_back_raises_no_other_alert(acme: Tenant) -> None:
    alert = messages.notify_staff(acme, "key", "Blocked", "Text.")
    sending.send(alert.pk)
    report("bounced", str(alert.pk))
    assert Message.objects.get().status == MessageStatus.BOUNCED


@pytest.mark.parametrize("kind", ["opened", "clicked", "sent", "unknown"])
def test_other_news_change_nothing(sent: Message, kind: str) -> None:
    report(kind, str(sent.pk))
    assert status() == MessageStatus.SENT


@pytest.mark.parametrize("message", [None, "", "x", "٣", "-1", "9" * 30, {"a": 1}, "999999"])
def test_mails_of_others_on_the_same_account_are_passed_over(
    sent: Message, message: object
) -> None:
    report("bounced", message)
    assert status() == MessageStatus.SENT
