"""E-mails: what they say, written once, and sent again on request."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import message_from_bytes

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connections, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.models import Condition, Health, Stage, WaitingOn
from connect.standing import Facts
from tenants import links, messages, sending
from tenants.models import (
    EventKind,
    GrantStatus,
    Message,
    MessageKind,
    MessageStatus,
    Tenant,
)
from tests import cast, standings
from tests.queue import queued_calls
from tests.standings import grant

pytestmark = pytest.mark.django_db
FOR_SUBSCRIBERS = [kind for kind in MessageKind if kind not in messages.STAFF_KINDS]


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME)


# --- writing -------------------------------------------------------------------------------------
@time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False)  # a link has its second
@pytest.mark.parametrize("kind", FOR_SUBSCRIBERS)
def test_every_mail_says_who_we_are_why_it_comes_what_to_do_how_long_and_whom_to_ask(
    acme: Tenant, kind: MessageKind, settings: Settings
) -> None:
    settings.PRODUCT_NAME = "Northwind Social"
    message = messages.queue(acme, kind, "key")
    assert message.to == "ops@acme.example"
    assert acme.name in message.subject
    for part in (message.text, message.html):
        assert part.count(links.sign_in_url(acme)) == 1
        for expected in ("Northwind Social", acme.org_id, "30 days", "connect@isv.example"):
            assert expected in part
    assert acme.name in message.text
    assert "Acme &amp; Söhne &quot;West&quot;" in message.html
    assert "{" not in message.text
    assert "\n\n\n" not in message.text


@pytest.mark.parametrize("kind", [each for each in MessageKind if each.startswith("authorize")])
@pytest.mark.parametrize("slug", ["", "acme-isv"])
def test_a_mail_before_the_authorization_says_what_heroku_and_salesforce_ask_for(
    acme: Tenant, kind: MessageKind, slug: str, settings: Settings
) -> None:
    settings.HEROKU_CONNECT_ISV_SLUG = slug
    message = messages.queue(acme, kind, "key")
    for part in (message.text, message.html):
        assert "Approve Uninstalled Connected Apps" in part
        assert "OAUTH_APPROVAL_ERROR_GENERIC" in part
        assert ("Heroku login first" in part) is not bool(slug)


def test_a_mail_that_asks_again_announces_no_first_copy(acme: Tenant) -> None:
    first = messages.queue(acme, MessageKind.AUTHORIZE, "first")
    again = messages.queue(acme, MessageKind.AUTHORIZE_AGAIN, "again")
    for part in ("text", "html"):
        assert "first copy" in " ".join(getattr(first, part).split())
        assert "first copy" not in " ".join(getattr(again, part).split())


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
    place = f"/admin/attention/?row=tenant-{acme.pk}" if of_tenant else "/admin/"
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
    assert (message.status, queued_calls()) == (MessageStatus.FAILED, [])
    assert "set STAFF_EMAILS" in message.error


def test_the_same_key_is_written_and_queued_once(acme: Tenant) -> None:
    first = messages.queue(acme, MessageKind.SIGN_IN, "key")
    assert messages.queue(acme, MessageKind.LIVE, "key") == first
    assert Message.objects.count() == 1
    assert queued_calls() == [("tenants.sending.send", (first.pk, 0))]


@pytest.mark.django_db(transaction=True)
def test_ten_threads_with_the_same_key_write_one_message(acme: Tenant) -> None:
    def write(_: int) -> int:
        try:
            return messages.queue(acme, MessageKind.SIGN_IN, "key").pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert len(set(threads.map(write, range(10)))) == 1
    assert len(queued_calls()) == 1


def test_a_change_that_is_rolled_back_takes_its_mail_along(acme: Tenant) -> None:
    with transaction.atomic():
        messages.queue(acme, MessageKind.SIGN_IN, "key")
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert queued_calls() == []


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


# --- again ---------------------------------------------------------------------------------------
def test_the_mail_that_fits_is_sent_again_with_a_fresh_link(acme: Tenant) -> None:
    first = messages.resend(acme.pk, "Ada")
    assert first is not None
    assert first.kind == MessageKind.SIGN_IN
    grant(acme)
    assert messages.resend(acme.pk, "Ada") is None  # the portal's turn: nothing to ask for
    ready = cast.connect(acme, Stage.WAITING_FOR_AUTHORIZATION, waiting_on=WaitingOn.SUBSCRIBER)
    second = messages.resend(acme.pk, "Ada")
    third = messages.resend(acme.pk, "Ada")
    assert second is not None
    assert third is not None
    assert (second.kind, third.kind) == (MessageKind.AUTHORIZE, MessageKind.AUTHORIZE)
    assert second.pk != third.pk
    ready.delete()
    live = standings.make(acme, Facts(Stage.LIVE, timezone.now()))
    fourth = messages.resend(acme.pk, "Ada")
    assert fourth is not None
    assert fourth.kind == MessageKind.LIVE
    # No mail says that it is live when it is not.
    Health.objects.update(condition=Condition.BROKEN)
    assert messages.resend(acme.pk, "Ada") is None
    Health.objects.update(condition=Condition.NEEDS_AUTHORIZATION)
    fifth = messages.resend(acme.pk, "Ada")
    assert live is not None
    assert fifth is not None
    assert fifth.kind == MessageKind.AUTHORIZE_AGAIN
    Health.objects.update(condition=Condition.HEALTHY)
    acme.grant.status = GrantStatus.REFUSED
    acme.grant.save()
    sixth = messages.resend(acme.pk, "Ada")
    assert sixth is not None
    assert (sixth.kind, "sign in to Salesforce again" in sixth.text) == (MessageKind.SIGN_IN, True)
    for words in ("two short steps", "prepare Heroku Connect", "Nothing is set up"):
        assert words not in sixth.text + sixth.html
    events = acme.events.filter(kind=EventKind.STAFF_ACTION, actor="Ada")
    assert [event.data.get("outcome", "done") for event in events] == [
        *("done", "done", "skipped", "done", "done", "done", "skipped", "done")
    ]
    assert "is queued for ops@acme.example" in events[0].text


def test_nothing_is_sent_to_a_tenant_that_left(acme: Tenant) -> None:
    grant(acme, GrantStatus.REVOKED)
    Tenant.objects.update(offboarded_at=timezone.now())
    assert messages.resend(acme.pk, "Ada") is None
