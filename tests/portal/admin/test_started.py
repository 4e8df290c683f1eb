"""What a press only started: it is not done before it has ended, and its outcome is stored then."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains

from connect.models import Connection, Stage
from portal import bulk
from portal.actions import action as registry
from portal.actions import runs, started
from portal.actions.subject import Subject
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants import sweeps
from tenants.models import Event, Tenant
from tests.portal.admin import strangers, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(db: None) -> BulkRun:
    """Three are off-boarded by one press; the worker has done its part of the run."""
    connections = strangers.connected(range(3), stage=Stage.LIVE)
    chosen = [Subject(each.tenant, each) for each in connections]
    action = registry.of(Tenant)["offboard"]
    made = runs.start(action, chosen, "mia", {"schema_fate": "keep"}).then
    assert isinstance(made, BulkRun)
    # The off-boarding itself stays in the queue.
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
    of(pk=gone.pk).update(stage=Stage.OFFBOARDED, offboarded_at=now)
    of(pk=stuck.pk).update(blocked_at=now, blocked_reason="Heroku answers 403.")
    sweeps.run()
    assert statuses(run) == ["done", "failed", "started"]
    texts = list(run.items.order_by("pk").values_list("text", flat=True))
    assert texts[:2] == ["Off-boarded.", "Blocked: Heroku answers 403."]
    of(pk=under_way.pk).update(stage=Stage.LIVE)
    sweeps.run()
    assert statuses(run) == ["done", "failed", "cancelled"]
    answer = manager.get(walk.page(BulkRun, "change", run.pk))
    assertContains(answer, "Partly done</span>")


@pytest.mark.parametrize(
    ("name", "stage", "status"),
    [
        ("import_mappings", Stage.IMPORTING_MAPPINGS, BulkItemStatus.STARTED),
        ("import_mappings", Stage.LOADING, BulkItemStatus.DONE),
        ("import_mappings", Stage.LIVE, BulkItemStatus.DONE),
        ("import_mappings", Stage.OFFBOARDING, BulkItemStatus.CANCELLED),
        ("start_over", Stage.OFFBOARDING, BulkItemStatus.STARTED),
        ("start_over", Stage.OFFBOARDED, BulkItemStatus.DONE),
    ],
)
def test_when_it_has_ended(name: str, stage: Stage, status: BulkItemStatus) -> None:
    offboarded_at = timezone.now() if stage == Stage.OFFBOARDED else None
    (made,) = strangers.connected([1], stage=stage, offboarded_at=offboarded_at)
    run = BulkRun.objects.create(action=name, label="X", actor="mia", total=1)
    item = BulkItem.objects.create(
        run=run, tenant=made.tenant, connection=made, status=BulkItemStatus.STARTED
    )
    started.settle()
    item.refresh_from_db()
    assert item.status == status
