"""What a press only started: it is not done before it has ended, and its outcome is stored then."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains
from pytest_django.fixtures import Settings

from connect.models import Connection, Diagnosis, Mapping, Stage
from portal import bulk
from portal.actions import action as registry
from portal.actions import runs, started, undoing
from portal.actions.subject import Subject
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants import sweeps
from tenants.models import Event, Message, MessageKind, MessageStatus, Tenant
from tests.portal.admin import strangers, walk

pytestmark = pytest.mark.django_db


LEFT: dict[str, Any] = {"ends_at": None, "stage_before": ""}  # the grace period


@pytest.fixture(params=[0, 7])
def run(db: None, request: pytest.FixtureRequest, settings: Settings) -> BulkRun:
    """Three are off-boarded by one press; the worker has done its part of the run.

    It takes days, or what Heroku needs.
    """
    settings.OFFBOARDING_GRACE_DAYS = request.param
    return off_board(live(3))


def live(count: int) -> list[Connection]:
    """Make connections that have something to lose."""
    return strangers.connected(range(count), addon_requested_at=timezone.now())


def off_board(connections: list[Connection]) -> BulkRun:
    """Do what the worker does of a press; the off-boarding itself stays in the queue."""
    chosen = [Subject(each.tenant, each) for each in connections]
    action = registry.of(Tenant)["offboard"]
    made = runs.start(action, chosen, "mia", {"schema_fate": "keep"}).then
    assert isinstance(made, BulkRun)
    bulk.work_off(made.pk)
    return BulkRun.objects.get(pk=made.pk)


def statuses(run: BulkRun) -> list[str]:
    return list(run.items.order_by("pk").values_list("status", flat=True))


def test_off_boarding_many_has_started_and_is_not_done(run: BulkRun, manager: Client) -> None:
    assert statuses(run) == ["started"] * 3
    assert started.settle() == 0
    assert statuses(run) == ["started"] * 3
    answer = manager.get(walk.page(BulkRun, "change", run.pk))
    assertContains(answer, '<span class="badge badge-busy">Started</span>')
    assertContains(answer, "3 started")
    assertContains(answer, 'data-live-every="10"')
    event = Event.objects.filter(actor="mia").latest("pk")
    assert event.data["outcome"] == "started"


def test_each_gets_its_own_outcome_when_it_has_ended(run: BulkRun, manager: Client) -> None:
    gone, stuck, under_way = Connection.objects.order_by("pk")
    now = timezone.now()
    of = Connection.objects.filter
    of(pk=gone.pk).update(stage=Stage.OFFBOARDED, offboarded_at=now, **LEFT)
    of(pk=stuck.pk).update(blocked_at=now, blocked_reason="Heroku answers 403.")
    sweeps.run()
    assert statuses(run) == ["done", "failed", "started"]
    texts = list(run.items.order_by("pk").values_list("text", flat=True))
    assert texts[:2] == ["Off-boarded.", "Blocked: Heroku answers 403."]
    of(pk=under_way.pk).update(stage=Stage.LIVE, **LEFT)
    sweeps.run()
    assert statuses(run) == ["done", "failed", "skipped"]
    answer = manager.get(walk.page(BulkRun, "change", run.pk))
    assertContains(answer, "Partly done</span>")
    assertContains(answer, "it did not come to its end: it is live")


def test_off_boarding_many_is_undone_for_those_that_can_be(manager: Client) -> None:
    made = BulkRun.objects.get(pk=off_board(live(3)).pk)
    first, *_ = Connection.objects.order_by("pk")
    Connection.objects.filter(pk=first.pk).update(stage=Stage.OFFBOARDING, **LEFT)
    reach = undoing.reach(made, "mia")
    assert [each.why for each in reach.refused] == ["it is not in the grace period"]
    manager.post(walk.page(BulkRun, "act", made.pk, "undo"), {"confirmed": "yes"})
    back = BulkRun.objects.latest("pk")
    bulk.work_off(back.pk)
    started.settle()
    assert statuses(back) == ["started", "started"]
    # Nobody off-boards by “Try again” what was just undone.
    assert statuses(made) == ["started", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("facts", "status", "text"),
    [
        ({}, "started", ""),
        ({"errors": 1, "warnings": 2}, "done", "Heroku Connect finds 1 error, 2 warnings."),
        ({"error": "No result arrived."}, "failed", "No result arrived."),
    ],
)
def test_a_diagnosis_is_done_when_its_result_is_there(
    facts: dict[str, Any], status: str, text: str
) -> None:
    (made,) = live(1)
    ended_at = timezone.now() if facts else None
    Diagnosis.objects.create(connection=made, ended_at=ended_at, **facts)
    assert settled("diagnose", made) == (status, text)


def settled(name: str, connection: Connection, **target: str) -> tuple[str, str]:
    """Return the outcome of an item that was started."""
    run = BulkRun.objects.create(action=name, label="X", actor="mia", total=1)
    item = BulkItem.objects.create(
        run=run,
        tenant=connection.tenant,
        connection=connection,
        status=BulkItemStatus.STARTED,
        target=target,
        ended_at=timezone.now(),
    )
    started.settle()
    item.refresh_from_db()
    return item.status, item.text


@pytest.mark.parametrize(
    ("facts", "status", "text"),
    [
        ({"queued_at": timezone.now()}, "started", ""),
        (
            {"queued_at": timezone.now() - timedelta(hours=2), "waiting_for": "Heroku"},
            "done",
            "It went on: live. Waiting for Heroku.",
        ),
        ({"lease": uuid4(), "lease_expires_at": timezone.now()}, "started", ""),
        ({"next_attempt_at": timezone.now()}, "started", ""),
        (
            {"stage": Stage.LINKING, "waiting_for": "Heroku Connect"},
            "done",
            "It went on: linking to Heroku Connect. Waiting for Heroku Connect.",
        ),
        (
            {"stage": Stage.LINKING, "last_error": "Heroku answers 503"},
            "failed",
            "Linking to Heroku Connect: Heroku answers 503. The portal tries again by itself.",
        ),
        (
            {"blocked_at": timezone.now(), "blocked_reason": "No card."},
            "failed",
            "Blocked again: No card.",
        ),
    ],
)
def test_a_retry_is_done_when_the_attempt_was_made(
    facts: dict[str, Any], status: str, text: str
) -> None:
    in_a_minute = timezone.now() + timedelta(minutes=1)
    (made,) = strangers.connected([1], **{"next_attempt_at": in_a_minute, **facts})
    assert settled("retry", made) == (status, text)


@pytest.mark.parametrize(
    ("mail", "status", "text"),
    [
        (MessageStatus.QUEUED, "started", ""),
        (MessageStatus.SENT, "done", "The mail to ops@acme.example is sent."),
        (MessageStatus.DELIVERED, "done", "The mail to ops@acme.example is sent."),
        (
            MessageStatus.BOUNCED,
            "failed",
            "The mail to ops@acme.example was not sent. No such mailbox.",
        ),
    ],
)
@pytest.mark.parametrize("name", ["resend", "reauthorize"])
def test_a_mail_is_done_when_it_is_sent(
    name: str, mail: MessageStatus, status: str, text: str
) -> None:
    (made,) = live(1)
    for kind, given in ((MessageKind.SIGN_IN, mail), (MessageKind.INCIDENT, MessageStatus.SENT)):
        Message.objects.create(
            tenant=made.tenant,
            kind=kind,
            key=kind,
            to="ops@acme.example",
            status=given,
            error="No such mailbox." if given == MessageStatus.BOUNCED else "",
        )
    assert settled(name, made) == (status, text)


@pytest.mark.parametrize(
    ("state", "seen", "status", "text"),
    [
        ("DATA_SYNCED", -1, "started", ""),
        ("RELOAD_TABLE", 1, "started", ""),
        ("DATA_SYNCED", 1, "done", "Account is loaded again."),
        ("BULK_LOAD_ERROR", 1, "failed", "Account (BULK_LOAD_ERROR)"),
        ("", 0, "skipped", "Account is no longer mapped"),
    ],
)
def test_a_reload_is_done_when_a_later_look_finds_it_loaded(
    state: str, seen: int, status: str, text: str
) -> None:
    (made,) = live(1)
    if state:
        seen_at = timezone.now() + timedelta(minutes=seen)
        Mapping.objects.create(connection=made, object_name="Account", state=state, seen_at=seen_at)
    assert settled("reload", made, object_name="Account") == (status, text)


@pytest.mark.parametrize(
    ("name", "stage", "status"),
    [
        ("import_mappings", Stage.IMPORTING_MAPPINGS, BulkItemStatus.STARTED),
        ("import_mappings", Stage.LOADING, BulkItemStatus.DONE),
        ("import_mappings", Stage.LIVE, BulkItemStatus.DONE),
        ("import_mappings", Stage.OFFBOARDING, BulkItemStatus.SKIPPED),
        ("start_over", Stage.OFFBOARDING, BulkItemStatus.STARTED),
        ("start_over", Stage.OFFBOARDED, BulkItemStatus.DONE),
    ],
)
def test_when_it_has_ended(name: str, stage: Stage, status: BulkItemStatus) -> None:
    offboarded_at = timezone.now() if stage == Stage.OFFBOARDED else None
    (made,) = strangers.connected([1], stage=stage, offboarded_at=offboarded_at)
    assert settled(name, made)[0] == status
