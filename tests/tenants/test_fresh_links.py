"""Who has a link that ended may have a fresh one mailed, and never learns whom the portal knows."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tenants import links, recipients
from tenants.models import Message, MessageKind, MessageStatus, Proof, StoppedRecipient, Tenant
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return cast.enrol(cast.ACME)


def page_of_ended_link(tenant: Tenant, age: timedelta = timedelta(days=31)) -> Any:
    with time_machine.travel(timezone.now() - age):
        path = urlsplit(links.sign_in_url(tenant)).path
    return Client().get(path)


def ended(answer: Any) -> str:
    found = re.search(r'name="ended" value="([^"]+)"', answer.content.decode())
    return found[1] if found else ""


def ask(**sent: str) -> str:
    answer = Client().post("/fresh-link", sent)
    assert answer.status_code == 200
    return str(answer.content.decode())


def mailed() -> list[Message]:
    return list(Message.objects.filter(kind=MessageKind.NEW_LINK).order_by("pk"))


def test_a_link_that_is_too_old_leads_with_one_press_to_a_fresh_one(acme: Tenant) -> None:
    answer = page_of_ended_link(acme)
    assert answer.status_code == 404
    ask(ended=ended(answer))
    (message,) = mailed()
    assert (message.to, message.status) == (acme.admin_email, MessageStatus.QUEUED)
    (fresh,) = re.findall(r"http://testserver(/authenticate/\S+)", message.text)
    assert Client().get(fresh).status_code == 200


def test_a_link_that_nobody_made_asks_for_the_address(acme: Tenant) -> None:
    answer = Client().get("/authenticate/forged")
    assert answer.status_code == 404
    assert not ended(answer)
    assert 'type="email"' in answer.content.decode()


def test_the_answer_is_the_same_whether_somebody_is_known_or_not(acme: Tenant) -> None:
    known = ask(email=f" {acme.admin_email.upper()} ")
    assert len(mailed()) == 1
    for sent in (
        {"email": "nobody@example.com"},
        {"email": ""},
        {"ended": "forged"},
        {"ended": links.sign(links.ASK_FOR_FRESH, [acme.pk + 1])},
    ):
        assert ask(**sent) == known
    assert len(mailed()) == 1


def test_a_tenant_that_has_left_gets_no_link(acme: Tenant) -> None:
    answer = page_of_ended_link(acme)
    Tenant.objects.update(offboarded_at=timezone.now())
    ask(ended=ended(answer))
    ask(email=acme.admin_email)
    assert mailed() == []


def test_a_former_contact_cannot_get_the_link(acme: Tenant) -> None:
    signed = links.signed_part(links.SIGN_IN, acme)
    Tenant.objects.update(admin_email="new@acme.example")
    ask(ended=ended(Client().get(f"/authenticate/{signed}")))
    assert [each.to for each in mailed()] == ["new@acme.example"]


def test_one_contact_of_several_orgs_gets_a_link_for_each(acme: Tenant) -> None:
    cast.enrol(cast.BOREALIS)
    Tenant.objects.update(admin_email="consultant@example.com")
    ask(email="consultant@example.com")
    assert {each.tenant_id for each in mailed()} == set(Tenant.objects.values_list("pk", flat=True))


def test_nobodys_mailbox_is_filled_and_the_answer_stays_the_same(acme: Tenant) -> None:
    answers = {ask(email=acme.admin_email) for _ in range(5)}
    assert len(answers) == 1
    assert len(mailed()) == 3


def test_a_network_that_asks_too_often_is_refused(acme: Tenant) -> None:
    statuses = [Client().post("/fresh-link", {"email": "x"}).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


def test_who_said_not_me_is_not_written_to_again() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    digest = recipients.digest_of(tenant.admin_email)
    StoppedRecipient.objects.create(digest=digest, tenant=tenant)
    ask(email=tenant.admin_email)
    assert [each.status for each in mailed()] == [MessageStatus.HELD]


def test_looking_at_the_page_mails_nothing(acme: Tenant) -> None:
    answer = Client().get("/fresh-link", {"email": acme.admin_email})
    assert 'type="email"' in answer.content.decode()
    assert mailed() == []


def test_an_old_link_of_not_me_offers_no_new_link(acme: Tenant) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        path = urlsplit(recipients.not_me_url(acme, acme.admin_email)).path
    answer = Client().get(path)
    assert answer.status_code == 404
    assert "new link</button>" not in answer.content.decode()
