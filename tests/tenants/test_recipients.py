"""Who gets mails that a stranger may have caused."""

import hashlib
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tenants import limits, links, messages, recipients
from tenants.models import (
    Callout,
    Message,
    MessageKind,
    MessageStatus,
    Proof,
    StoppedRecipient,
    Tenant,
)
from tests import cast
from tests.tenants.test_tracking import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    """Acme, as an unsigned callout registered it."""
    return cast.enrol(cast.ACME, proof=Proof.NONE)


def ask(tenant: Tenant, number: int = 0) -> Message:
    return messages.queue(tenant, MessageKind.SIGN_IN, f"key {number}")


def not_me(tenant: Tenant) -> str:
    return urlsplit(recipients.not_me_url(tenant, tenant.admin_email)).path


@pytest.mark.parametrize(
    "spelling", ["Ops@ACME.example", " ops@acme.example", "ops+x@acme.example", "OPS+@acme.example"]
)
def test_a_recipient_is_the_same_in_each_spelling(spelling: str) -> None:
    assert recipients.digest_of(spelling) == recipients.digest_of("ops@acme.example")
    assert recipients.digest_of(spelling) != recipients.digest_of("it@acme.example")


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("v.i.c.tim@gmail.com", "victim@googlemail.com"),
        ('"victim"@mail.example', "victim@mail.example"),
        ('"victim+x"@mail.example', "victim@mail.example"),
        ("victim@bücher.example", "victim@xn--bcher-kva.example"),
        ("victim@BÜCHER.example", "victim@xn--bcher-kva.example"),
    ],
)
def test_a_stranger_gets_no_second_bucket_by_another_spelling(spelling: str, same: str) -> None:
    assert recipients.digest_of(spelling) == recipients.digest_of(same)
    assert recipients.digest_of("v.x@mail.example") != recipients.digest_of("vx@mail.example")


def test_the_digest_in_a_link_tells_nothing_without_the_portals_key(settings: Settings) -> None:
    before = recipients.digest_of("ops@acme.example")
    settings.SECRET_KEY = "another-key"
    assert recipients.digest_of("ops@acme.example") != before


@pytest.mark.parametrize("one_network", [True, False])
def test_a_flood_of_mails_to_many_third_parties_is_held_back_with_one_alert(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, one_network: bool
) -> None:
    settings.UNPROVEN_MAILS_PER_HOUR = 99 if one_network else 2
    monkeypatch.setattr(limits, "UNPROVEN_MAILS_PER_NETWORK", 2 if one_network else 99)
    team = (cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    for number, who in enumerate(team):
        tenant = cast.enrol(who, proof=Proof.NONE)
        Callout.objects.create(body=b"{}", tenant=tenant, remote_address="192.0.2.1")
        ask(tenant, number)
    held = Message.objects.filter(status=MessageStatus.HELD)
    assert [each.error for each in held] == [recipients.FLOOD] * 2
    assert Message.objects.filter(kind=MessageKind.PORTAL).count() == 1


def test_a_fourth_mail_of_a_day_is_held_and_staff_can_send_it(acme: Tenant) -> None:
    assert {ask(acme, number).status for number in range(3)} == {MessageStatus.QUEUED}
    held = ask(acme, 3)
    assert (held.status, held.error) == (MessageStatus.HELD, recipients.TOO_MANY)
    again = messages.resend(acme.pk, "ada")
    assert again is not None
    assert again.status == MessageStatus.QUEUED


def test_a_proven_contact_gets_every_mail() -> None:
    tenant = cast.enrol(cast.ACME)
    assert {ask(tenant, number).status for number in range(9)} == {MessageStatus.QUEUED}
    assert "not-me" not in Message.objects.latest("pk").text


def test_looking_at_the_page_stops_nothing(acme: Tenant) -> None:
    assert Client().get(not_me(acme)).status_code == 200
    assert not StoppedRecipient.objects.exists()


def test_not_me_holds_what_waits_and_what_follows_also_for_staff(acme: Tenant) -> None:
    waiting = ask(acme)
    for _ in range(2):
        assert Client(enforce_csrf_checks=True).post(not_me(acme)).status_code == 200
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == (MessageStatus.HELD, recipients.STOPPED)
    again = messages.resend(acme.pk, "ada")
    assert again is not None
    assert again.status == MessageStatus.HELD
    assert acme.events.filter(text__contains="was not sent", actor="ada").count() == 1
    assert acme.events.filter(text__contains="not theirs. No more is sent").count() == 1
    # Only a digest is stored.
    assert cast.ACME["admin_email"] not in str(StoppedRecipient.objects.values().get())


def test_who_is_proven_later_gets_mails_in_spite_of_it(acme: Tenant) -> None:
    Client().post(not_me(acme))
    acme.proof = Proof.STAFF
    assert ask(acme).status == MessageStatus.QUEUED


@pytest.mark.parametrize("signed", ["x", "WzEsMV0:1abc:def"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_a_404(signed: str, method: str) -> None:
    assert getattr(Client(), method)(f"/not-me/{signed}").status_code == 404


@pytest.mark.parametrize(
    ("address", "digested"),
    [
        ("ops@acme.example", "ops@acme.example"),
        ("Ops+it@ACME.example", "ops@acme.example"),
        ("first.last@gmail.com", "first.last@gmail.com"),
    ],
)
def test_a_link_of_before_the_digests_had_a_key_still_works(
    acme: Tenant, address: str, digested: str
) -> None:
    acme.admin_email = address
    acme.save()
    ask(acme)
    old = hashlib.sha256(digested.encode()).hexdigest()
    path = f"/not-me/{links.sign(recipients.NOT_ME, [acme.pk, old])}"
    assert Client().get(path).status_code == 200
    assert Client().post(path).status_code == 200
    assert recipients.is_stopped(address)
    assert StoppedRecipient.objects.count() == 1
    assert ask(acme, 2).status == MessageStatus.HELD


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_link_of_a_registration_that_was_erased_ends_on_a_page(
    acme: Tenant, method: str
) -> None:
    path = not_me(acme)
    acme.delete()
    answer = getattr(Client(), method)(path)
    assert answer.status_code == 404
    assert "link" in answer.content.decode()


def test_a_made_up_address_that_bounces_does_not_alert_staff(acme: Tenant) -> None:
    message = ask(acme)
    Message.objects.update(attempts=1)
    report("bounced", str(message.pk), description="550 no such user")
    assert Message.objects.get().status == MessageStatus.BOUNCED
