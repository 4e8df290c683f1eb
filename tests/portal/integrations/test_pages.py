"""Managers add webhooks and tokens, prove who they are, and see each secret once."""

import re
import uuid
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.db.models import signals
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal.integrations import tokens
from portal.integrations.models import (
    ApiToken,
    Scope,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryStatus,
)
from portal.models import AuditEntry
from tests import cast
from tests.connect.clients.rawpeer import RawPeer
from tests.portal.admin import walk
from tests.portal.integrations.test_sending import let_time_pass, work, write

pytestmark = pytest.mark.django_db
ADD_WEBHOOK, ADD_TOKEN = "/admin/integrations/webhook/add/", "/admin/integrations/apitoken/add/"
HOOK = {
    "name": "CRM",
    "new_url": "https://events.isv.example/hook?key=telltale",
    "kinds": ["tenant.live"],
    "is_on": "on",
}
TOKEN = {"name": "Billing", "scopes": [Scope.TENANTS.value], "valid_for": "90"}


def everything_noted() -> str:
    return " ".join(f"{each.what} {each.about} {each.result}" for each in AuditEntry.objects.all())


def pages(client: Client, model: type[Webhook | ApiToken]) -> str:
    row = model.objects.get()
    addresses = (walk.page(model, "changelist"), walk.page(model, "change", row.pk))
    return " ".join(client.get(each).content.decode() for each in addresses)


def test_a_webhooks_secret_is_shown_once_and_its_address_never(manager: Client) -> None:
    answer = manager.post(ADD_WEBHOOK, HOOK)
    html = answer.content.decode()
    (secret,) = re.findall(r"whsec_[\w+/=]+", html)
    row = Webhook.objects.get()
    assert (row.secret, row.url, row.host) == (secret, HOOK["new_url"], "events.isv.example")
    assert "no-store" in answer["Cache-Control"]
    shown = pages(manager, Webhook)
    assert "events.isv.example" in shown
    for hidden in (secret, "telltale"):
        assert hidden not in shown + everything_noted()
        assert hidden not in str(dict(manager.session))
        assert hidden not in str(manager.cookies)


def test_a_changed_webhook_keeps_its_address_and_its_secret(manager: Client) -> None:
    manager.post(ADD_WEBHOOK, HOOK)
    before = Webhook.objects.get()
    page = walk.page(Webhook, "change", before.pk)
    answer = manager.post(page, {**HOOK, "new_url": "", "name": "Billing"})
    assert answer.status_code == 302
    after = Webhook.objects.get()
    assert (after.url, after.secret) == (before.url, before.secret)
    assert (after.name, after.kinds) == ("Billing", ["tenant.live"])


def test_a_change_leaves_what_the_worker_writes_at_the_same_time(manager: Client) -> None:
    manager.post(ADD_WEBHOOK, HOOK)
    row, lease = Webhook.objects.get(), uuid.uuid4()

    def take(**_: Any) -> None:
        Webhook.objects.update(lease=lease, failures=3)

    signals.pre_save.connect(take, sender=Webhook)
    try:
        form = {**HOOK, "new_url": "https://other.example/", "name": "Billing"}
        manager.post(walk.page(Webhook, "change", row.pk), form)
    finally:
        signals.pre_save.disconnect(take, sender=Webhook)
    row.refresh_from_db()
    assert (row.lease, row.failures) == (lease, 3)
    assert (row.name, row.url, row.host) == ("Billing", "https://other.example/", "other.example")


def test_the_list_counts_what_waits_without_reading_the_log(
    viewer: Client, webhook: Webhook
) -> None:
    acme = cast.enrol(cast.ACME)
    for number in range(3):
        write(webhook, acme, number)
    WebhookDelivery.objects.filter(event__sequence=0).update(status=WebhookDeliveryStatus.DELIVERED)
    with CaptureQueriesContext(database) as asked:
        html = viewer.get(walk.page(Webhook, "changelist")).content.decode()
    assert re.search(r"field-waiting[^>]*>2<", html)
    # The one with the rows; another one counts the webhooks.
    (query,) = (each["sql"] for each in asked if '"integrations_webhook"."host"' in each["sql"])
    assert "JOIN" not in query


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"new_url": ""}, "This field is required"),
        ({"new_url": "http://events.isv.example/"}, "Only https"),
        ({"new_url": "https://10.0.0.1/"}, "private address"),
        ({"kinds": []}, "required"),
        ({"kinds": ["tenant.exploded"]}, "not one of the available choices"),
    ],
)
def test_a_wrong_webhook_is_refused_with_a_sentence(
    manager: Client, given: dict[str, str], words: str
) -> None:
    html = manager.post(ADD_WEBHOOK, {**HOOK, **given}).content.decode()
    assert words in html
    assert not Webhook.objects.exists()


def test_a_token_is_shown_once_and_only_its_digest_is_stored(manager: Client) -> None:
    html = manager.post(ADD_TOKEN, TOKEN).content.decode()
    (secret,) = re.findall(r"mct_[\w-]{20,}", html)
    row = ApiToken.objects.get()
    assert tokens.find(secret, timezone.now()) == row
    assert secret not in str(vars(row))
    assert (row.made_by, row.scopes) == ("mia", ["tenants:read"])
    assert 89 < (row.expires_at - timezone.now()).total_seconds() / 86_400 <= 90
    shown = pages(manager, ApiToken)
    assert row.begins in shown
    assert secret not in shown + everything_noted() + str(dict(manager.session))
    assert f"Begins with {row.begins}" in everything_noted()


@pytest.mark.parametrize(("address", "form"), [(ADD_WEBHOOK, HOOK), (ADD_TOKEN, TOKEN)])
def test_a_secret_is_made_only_after_the_password(
    manager: Client, address: str, form: dict[str, str]
) -> None:
    session = manager.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    answer = manager.post(address, form)
    assert answer.status_code == 302
    assert not Webhook.objects.exists()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("address", "form"), [(ADD_WEBHOOK, HOOK), (ADD_TOKEN, TOKEN)])
def test_only_managers_make_them(
    operator: Client, viewer: Client, address: str, form: dict[str, str]
) -> None:
    for client in (operator, viewer):
        assert client.get(address).status_code == 403
        assert client.post(address, form).status_code == 403


def test_a_token_is_never_changed(manager: Client) -> None:
    manager.post(ADD_TOKEN, TOKEN)
    page = walk.page(ApiToken, "change", ApiToken.objects.get().pk)
    assert manager.post(page, {**TOKEN, "name": "Other"}).status_code == 403


def test_revoke_ends_a_token_at_once_and_is_noted(manager: Client, operator: Client) -> None:
    manager.post(ADD_TOKEN, TOKEN)
    row = ApiToken.objects.get()
    act = walk.page(ApiToken, "act", row.pk, "revoke")
    assert operator.post(act, {"confirmed": "yes"}).status_code == 403
    manager.post(act, {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.revoked_at
    assert "Revoke Billing" in everything_noted()
    assert "Revoked" in pages(manager, ApiToken)


def test_resend_sends_the_same_event_again(
    operator: Client, webhook: Webhook, receiver: RawPeer
) -> None:
    delivery = write(webhook, cast.enrol(cast.ACME))
    work()
    operator.post(walk.page(WebhookDelivery, "act", delivery.pk, "resend_event"))
    let_time_pass()
    work()
    assert len(receiver.requests) == 2
    assert LogEntry.objects.get().object_repr == webhook.name  # and no tenant's, for its erasure
    delivery.refresh_from_db()
    assert delivery.status == WebhookDeliveryStatus.DELIVERED


def test_resend_is_refused_while_nothing_is_sent(
    operator: Client, webhook: Webhook, settings: Settings
) -> None:
    delivery = write(webhook, cast.enrol(cast.ACME))
    WebhookDelivery.objects.update(status=WebhookDeliveryStatus.FAILED)
    settings.LIFECYCLE_WEBHOOKS = False
    act = walk.page(WebhookDelivery, "act", delivery.pk, "resend_event")
    html = operator.post(act, follow=True).content.decode()
    assert "LIFECYCLE_WEBHOOKS is off" in html
    delivery.refresh_from_db()
    assert delivery.status == WebhookDeliveryStatus.FAILED


def test_the_log_shows_what_was_sent_and_answered(
    viewer: Client, webhook: Webhook, receiver: RawPeer
) -> None:
    delivery = write(webhook, cast.enrol(cast.ACME))
    WebhookDelivery.objects.update(error="Webhook answered 500: <b>no</b>", answer=500)
    html = viewer.get(walk.page(WebhookDelivery, "change", delivery.pk)).content.decode()
    assert "tenant.live" in html
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    assert webhook.secret not in html


def test_a_list_says_that_its_setting_is_off(viewer: Client, settings: Settings) -> None:
    settings.LIFECYCLE_WEBHOOKS = settings.READ_API = False
    for model, name in ((Webhook, "LIFECYCLE_WEBHOOKS"), (ApiToken, "READ_API")):
        html = viewer.get(walk.page(model, "changelist")).content.decode()
        assert f"heroku config:set {name}=true" in html


def test_a_webhook_whose_calls_fail_says_so(viewer: Client, webhook: Webhook) -> None:
    Webhook.objects.update(failures=3)
    assert "3 calls failed in a row" in pages(viewer, Webhook)


def test_a_secret_that_no_key_decrypts_is_made_again(
    manager: Client, webhook: Webhook, receiver: RawPeer
) -> None:
    Webhook.objects.update(secret="")
    page = walk.page(Webhook, "change", webhook.pk)
    html = manager.post(page, {**HOOK, "new_url": ""}).content.decode()
    assert Webhook.objects.get().secret in html
