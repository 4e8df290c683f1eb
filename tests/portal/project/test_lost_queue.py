"""A queue that loses everything costs seconds: each kind of work is found by its row and done."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.models import (
    Connection,
    Incident,
    IncidentKind,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    Stage,
    WebhookNotice,
)
from connect.rollouts import creating, lifecycle
from portal import bulk
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants import messages, queue, sweeps
from tenants.models import Message, MessageKind, MessageStatus, Proof
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.clients.rawpeer import says, serving
from tests.connect.journey import Journey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
MARKED = (BulkRun, Message, Connection, RolloutItem, WebhookNotice)


def lose_the_queue() -> None:
    """Delete all tasks, some seconds after they were queued."""
    get_broker().purge_queue()
    assert queue.lost_after() <= timedelta(seconds=5)
    for model in MARKED:
        model._default_manager.update(queued_at=F("queued_at") - queue.LOST_AT_ONCE)


def test_a_task_that_waits_behind_others_is_queued_once_and_one_that_was_taken_again() -> None:
    tenant, broker = cast.enrol(cast.ACME), get_broker()
    with time_machine.travel(timezone.now() - timedelta(minutes=10)):
        messages.queue(tenant, MessageKind.SIGN_IN, "first")
    # The queue in the database has the clock of the database.
    OrmQ.objects.update(lock=F("lock") - timedelta(minutes=10))
    messages.queue(tenant, MessageKind.SIGN_IN, "second")
    assert sweeps.run(queue.lost_after()) == 0
    [(ack, _)] = broker.dequeue()
    broker.acknowledge(ack)  # and the worker dies
    assert sweeps.run(queue.lost_after()) == 1
    assert sweeps.run(queue.lost_after()) == 0


def pulse() -> None:
    """Find what is due as the worker's pulse does, and do it as its processes do."""
    sweeps.run(queue.lost_after())
    broker = get_broker()
    while broker.queue_size():
        for ack, payload in broker.dequeue():
            task: dict[str, Any] = SignedPackage.loads(payload)
            import_string(task["func"])(*task["args"], **task["kwargs"])
            broker.acknowledge(ack)


def test_everything_that_was_queued_is_done_although_the_queue_was_lost(
    emulator: emulated.Running, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    fleet = fleets.Fleet(emulator, fleets.version(fleets.FIRST))
    live = fleet.add(cast.ACME)
    new = Journey(emulator, cast.BOREALIS, Proof.SIGNED)
    run = BulkRun(action="refresh", label="Refresh", actor="olga", total=1)
    item = BulkItem(run=run, tenant=live.tenant, connection=live.connection)
    bulk.start(run, [item])
    message = messages.queue(live.tenant, MessageKind.LIVE, "key")
    incident = Incident.objects.create(kind=IncidentKind.REGION, region_url="https://eu.heroku.com")
    notice = WebhookNotice.objects.create(incident=incident, what="opened", text="*Down*")
    lose_the_queue()
    with serving() as hook:
        settings.INCIDENT_WEBHOOK_URL = f"{hook.url}/hook"
        hook.plays(says("ok", Content_Type="text/plain"))
        pulse()
    notice.refresh_from_db()
    assert notice.sent_at
    assert BulkItem.objects.get().status == BulkItemStatus.DONE
    assert Message.objects.get(pk=message.pk).status == MessageStatus.SENT
    assert new.connection.stage == Stage.WAITING_FOR_PROOF
    new.connection.refresh_from_db()
    assert new.connection.stage != Stage.WAITING_FOR_PROOF
    assert "ops@acme.example" in [to for mail in mailoutbox for to in mail.to]


def test_a_roll_out_goes_on_although_the_queue_is_lost_at_each_step(
    emulator: emulated.Running,
) -> None:
    fleet = fleets.Fleet(emulator, fleets.version(fleets.FIRST))
    fleet.add(cast.ACME)
    wanted = Rollout(template=fleets.version(fleets.SECOND), author="mia", canary_size=0)
    rollout = creating.create(wanted, [fleet.members[0].connection])
    for _ in range(30):
        lose_the_queue()
        RolloutItem.objects.update(next_attempt_at=timezone.now())
        pulse()
        rollout.refresh_from_db()
        if rollout.status == "ready":
            lifecycle.start(rollout.pk, "mia", accept_warnings=True)
    assert RolloutItem.objects.get().status == RolloutItemStatus.DONE
