"""Events are rows: one for each change of a tenant, numbered, and a delivery for each webhook."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from connect.models import Condition, Connection, Health, Stage
from portal.integrations import observing
from portal.integrations.models import (
    Lifecycle,
    LifecycleKind,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEvent,
)
from tenants import whole
from tenants.models import Proof, Tenant
from tests import cast
from tests.portal.admin import strangers

pytestmark = pytest.mark.django_db
REGISTERED, LIVE, BROKEN, HEALED, OFFBOARDED = LifecycleKind


def kinds(tenant: Tenant) -> list[str]:
    """Return the events of a tenant, in order."""
    events = WebhookEvent.objects.filter(tenant=tenant).order_by("sequence")
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    return [each.kind for each in events]


def go_live(connection: Connection) -> Health:
    live = {"stage": Stage.LIVE, "organization_id": connection.tenant.org_id}
    Connection.objects.filter(pk=connection.pk).update(**live, live_at=timezone.now())
    return Health.objects.create(
        connection=connection, condition=Condition.HEALTHY, sampled_at=timezone.now()
    )


def set_condition(health: Health, condition: Condition) -> None:
    Health.objects.filter(pk=health.pk).update(condition=condition, sampled_at=timezone.now())


def test_a_tenants_whole_life_is_events_in_order_each_once(webhook: Webhook) -> None:
    acme = cast.enrol(cast.ACME)
    connection = cast.connect(acme, Stage.LINKING)
    observing.observe()
    assert observing.observe() == 0
    health = go_live(connection)
    observing.observe()
    for condition in (Condition.BROKEN, Condition.UNKNOWN, Condition.HEALTHY):
        set_condition(health, condition)
        observing.observe()
        assert observing.observe() == 0
    Connection.objects.update(stage=Stage.OFFBOARDED, offboarded_at=timezone.now())
    Tenant.objects.update(offboarded_at=timezone.now())
    observing.observe()
    assert observing.observe() == 0
    assert kinds(acme) == [REGISTERED, LIVE, BROKEN, HEALED, OFFBOARDED]
    assert WebhookDelivery.objects.count() == 5


def test_the_body_says_what_the_api_says_and_names_no_person(webhook: Webhook) -> None:
    acme = cast.enrol(cast.ACME)
    cast.connect(acme, Stage.LINKING)
    observing.observe()
    event = WebhookEvent.objects.get()
    body: dict[str, Any] = json.loads(event.body)
    assert (body["id"], body["type"]) == (str(event.uid), "tenant.registered")
    assert body["data"]["tenant"]["name"] == acme.name
    assert body["data"]["tenant"]["standing"]["word"] == "linking"
    assert "acme.example" not in event.body


def test_what_nobody_has_proven_makes_no_event(webhook: Webhook) -> None:
    cirrus = cast.enrol(cast.CIRRUS, proof=Proof.NONE)
    cast.connect(cirrus)
    assert observing.observe() == 0
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="Its org is blocked.")
    assert observing.observe() == 0
    Connection.objects.update(stage=Stage.CREATING_ADDON, blocked_at=None, blocked_reason="")
    Tenant.objects.update(proof=Proof.STAFF, proven_at=timezone.now())
    observing.observe()
    assert kinds(cirrus) == [REGISTERED]


def test_what_is_older_than_the_first_webhook_is_known_and_makes_no_event(webhook: Webhook) -> None:
    before = webhook.created_at - timedelta(days=1)
    acme = cast.enrol(cast.ACME, at=before)
    health = go_live(cast.connect(acme, Stage.LINKING))
    assert observing.observe() == 0
    assert Lifecycle.objects.get().last == LIVE
    set_condition(health, Condition.BROKEN)
    observing.observe()
    assert kinds(acme) == [BROKEN]


@pytest.mark.parametrize("condition", [Condition.UNKNOWN, Condition.BROKEN, Condition.PAUSED])
def test_one_that_was_live_before_the_first_webhook_sends_no_second_live(
    webhook: Webhook, condition: Condition
) -> None:
    acme = cast.enrol(cast.ACME, at=webhook.created_at - timedelta(days=1))
    health = go_live(cast.connect(acme, Stage.LINKING))
    set_condition(health, condition)
    assert observing.observe() == 0
    set_condition(health, Condition.HEALTHY)
    observing.observe()
    assert kinds(acme) == ([HEALED] if condition == Condition.BROKEN else [])


def test_one_that_was_blocked_in_its_set_up_sends_live_after_it(webhook: Webhook) -> None:
    acme = cast.enrol(cast.ACME)
    connection = cast.connect(acme, Stage.LINKING)
    block = {"blocked_at": timezone.now(), "blocked_reason": "Refused."}
    Connection.objects.update(**block)
    observing.observe()
    Connection.objects.update(blocked_at=None, blocked_reason="")
    observing.observe()
    go_live(connection)
    observing.observe()
    assert kinds(acme) == [REGISTERED, BROKEN, HEALED, LIVE]
    Connection.objects.update(**block)
    observing.observe()
    assert kinds(acme)[4:] == [BROKEN]


def test_an_event_and_its_body_say_the_same_although_the_tenant_has_moved_on(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = cast.enrol(cast.ACME)
    health = go_live(cast.connect(acme, Stage.LINKING))
    observing.observe()
    set_condition(health, Condition.BROKEN)
    seen = list(observing._changed(timezone.now()))
    set_condition(health, Condition.HEALTHY)
    # It is well again before its event is written.
    monkeypatch.setattr(observing, "_changed", lambda now: seen)
    observing.observe()
    assert kinds(acme) == [REGISTERED, LIVE]


def test_a_tenant_that_is_erased_in_between_keeps_no_other_from_its_events(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, dune = cast.enrol(cast.ACME), cast.enrol(cast.DUNE)
    for each in (acme, dune):
        cast.connect(each, Stage.LINKING)
    seen = list(observing._changed(timezone.now()))
    whole.erase(acme.pk, "mia")
    monkeypatch.setattr(observing, "_changed", lambda now: seen)
    observing.observe()
    assert kinds(dune) == [REGISTERED]


def test_a_webhook_gets_only_the_events_that_it_wants(webhook: Webhook) -> None:
    Webhook.objects.update(kinds=[LIVE])
    Webhook.objects.create(name="Off", url="https://isv.example", secret="x", is_on=False)
    go_live(cast.connect(cast.enrol(cast.ACME), Stage.LINKING))
    observing.observe()
    assert [each.event.kind for each in WebhookDelivery.objects.all()] == [LIVE]


def test_nothing_is_noted_while_it_is_off(webhook: Webhook, settings: Settings) -> None:
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    settings.LIFECYCLE_WEBHOOKS = False
    assert observing.observe() == 0
    assert not Lifecycle.objects.exists()


def test_events_go_on_while_each_webhook_is_off_and_are_kept_for_none(webhook: Webhook) -> None:
    acme = cast.enrol(cast.ACME)
    connection = cast.connect(acme, Stage.LINKING)
    Webhook.objects.update(is_on=False)
    observing.observe()
    Webhook.objects.update(is_on=True)
    assert observing.observe() == 0  # what happened while it was off does not follow
    go_live(connection)
    observing.observe()
    assert kinds(acme) == [REGISTERED, LIVE]
    assert [each.event.kind for each in WebhookDelivery.objects.all()] == [LIVE]


def test_a_webhook_that_replaces_another_one_misses_no_tenant(webhook: Webhook) -> None:
    acme = cast.enrol(cast.ACME)
    cast.connect(acme, Stage.LINKING)
    Webhook.objects.update(is_on=False)
    later = timezone.now() + timedelta(minutes=1)
    second = Webhook.objects.create(
        name="Second", url=webhook.url, secret=webhook.secret, created_at=later
    )
    observing.observe()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.webhook, delivery.event.kind) == (second, REGISTERED)


def test_a_fleet_costs_as_many_statements_as_one_tenant(
    webhook: Webhook, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    strangers.connected(range(30))
    observing.observe()
    with django_assert_num_queries(3):  # the webhook, the current tenants, the gone ones
        observing.observe()


def test_an_erasure_takes_the_events_along_and_old_ones_are_deleted(webhook: Webhook) -> None:
    acme, dune = cast.enrol(cast.ACME), cast.enrol(cast.DUNE)
    for each in (acme, dune):
        cast.connect(each, Stage.LINKING)
    observing.observe()
    whole.erase(acme.pk, "mia")
    assert [each.tenant for each in WebhookEvent.objects.all()] == [dune]
    later = timezone.now() + timedelta(days=31)
    assert observing.prune(later) == 0  # it still waits to be sent
    WebhookDelivery.objects.update(status=WebhookDeliveryStatus.FAILED)
    assert observing.prune(later) == 2  # the event and its delivery
    assert observing.observe() == 0
