"""No work is a trap: roll-outs, runs, incidents, repairs and differences with Heroku.

A button leads out of each state, or it ends by itself in a known time.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect import addons, remedies
from connect.health import diagnose, healing, lifecycle
from connect.models import (
    Connection,
    Discrepancy,
    DiscrepancyKind,
    IncidentKind,
    RepairResult,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
    Stage,
    WriteError,
    WriteRepair,
)
from connect.rollouts import lifecycle as rollout_lifecycle
from connect.write_errors import repair_results, scan
from portal import bulk
from portal.actions.subject import Subject
from portal.models import BulkItem, BulkItemStatus, BulkRun
from scripts.documents.states import runs
from tenants import leases, sending
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import rows
from tests.portal.test_ways_out import LOAD, STEP, offered

pytestmark = pytest.mark.django_db

# --- roll-outs -----------------------------------------------------------------------------------
# None: it is an end. Those that run are done when their tenants are, each in its own time.
ROLLOUTS: dict[RolloutStatus, str | timedelta | None] = {
    RolloutStatus.CHECKING: STEP,
    RolloutStatus.READY: "start",
    RolloutStatus.RUNNING: LOAD,
    RolloutStatus.PAUSED: "resume",
    RolloutStatus.CANCELLED: None,
    RolloutStatus.DONE: None,
    RolloutStatus.ENDED: "retry",
    RolloutStatus.REFUSED: "retry",
}
ITEMS: dict[RolloutItemStatus, str | timedelta | None] = {
    RolloutItemStatus.CHECKING: STEP,
    RolloutItemStatus.READY: "cancel",  # the roll-out's other tenants are before it
    RolloutItemStatus.WORKING: LOAD,
    RolloutItemStatus.DONE: None,
    RolloutItemStatus.SKIPPED: None,
    RolloutItemStatus.FAILED: "retry",
    RolloutItemStatus.REFUSED: "retry",
}


@pytest.mark.parametrize("status", RolloutStatus)
def test_a_roll_out_is_left_by_a_button_or_by_itself(status: RolloutStatus) -> None:
    ways, way = offered(Rollout, Rollout(status=status)), ROLLOUTS[status]
    if isinstance(way, str):
        assert way in ways
    # It can be given up at any time.
    unfinished = (RolloutStatus.CHECKING, RolloutStatus.READY, RolloutStatus.RUNNING)
    assert ("cancel" in ways) == (status in (*unfinished, RolloutStatus.PAUSED))


@pytest.mark.parametrize("status", RolloutItemStatus)
def test_a_tenant_of_a_roll_out_is_left_by_a_button_of_it_or_by_itself(
    status: RolloutItemStatus,
) -> None:
    way = ITEMS[status]
    assert (way is None) == (status in (RolloutItemStatus.DONE, RolloutItemStatus.SKIPPED))
    if way == "retry":
        tenant = cast.enrol(cast.ACME)
        row = rows.connection(tenant)
        rollout = Rollout.objects.create(status=RolloutStatus.ENDED, author="mia", kind="mappings")
        RolloutItem.objects.create(rollout=rollout, connection=row, wave=0, status=status)
        assert rollout_lifecycle.items_to_retry(rollout)


# --- what staff press ----------------------------------------------------------------------------
RUNS: dict[str, str | timedelta | None] = {
    "running": "cancel",
    "waiting": "cancel",
    "unapproved": "approve",
    "being_cancelled": leases.LEASE,
    "cancelled": "again",
    "done": None,
    "skipped": None,
    "started": None,  # ends with what it started, whose stages have ways out (test_ways_out.py)
    "partly": None,
    "partly_failed": "again",
    "failed": "again",
}


@pytest.mark.parametrize("key", RUNS)
def test_a_run_is_left_by_a_button_or_by_itself(key: str) -> None:
    run, counts = runs()[key]
    if key == "unapproved":
        bulk.hold(run)  # until tomorrow: the one of the table is too late
    run.save()
    for number, status in enumerate(s for s, count in counts.items() for _ in range(count)):
        BulkItem.objects.create(run=run, status=status, target={"number": number})
    way = RUNS[key]
    if isinstance(way, str):
        assert way in offered(BulkRun, run)
    assert set(runs()) == set(RUNS)


def test_a_cancelled_run_whose_worker_died_is_finished_by_the_next() -> None:
    now = timezone.now()
    run = BulkRun.objects.create(action="refresh", label="Refresh", actor="mia", total=1)
    item = BulkItem.objects.create(run=run, status=BulkItemStatus.RUNNING)
    lease = bulk._take(run.pk)
    assert lease is not None
    bulk.cancel(run.pk, "mia")
    BulkRun.objects.update(lease_expires_at=now)
    bulk.work_off(run.pk)
    run.refresh_from_db()
    item.refresh_from_db()
    assert (run.finished_at is None, item.status) == (False, BulkItemStatus.CANCELLED)


# --- incidents, repairs, differences -------------------------------------------------------------


@pytest.mark.parametrize("kind", IncidentKind)
def test_an_incident_is_healed_until_a_known_time_and_then_a_person_is_asked(
    kind: IncidentKind,
) -> None:
    remedy = remedies.INCIDENTS[kind]
    assert remedy.action or remedy.page
    if kind in healing.REMEDIES:
        schedule = healing.REMEDIES[kind].schedule
        assert sum(schedule.pauses, schedule.last or timedelta()) < timedelta(days=6)
    # It ends when its cause is absent; nobody has to close it.
    assert timedelta(hours=1) > lifecycle.CLOSE_AFTER


REPAIRS: dict[RepairResult, str | timedelta | None] = {
    RepairResult.IN_PROGRESS: repair_results.UNSEEN_AFTER,
    RepairResult.FAILED: "retry",
    RepairResult.READONLY: "ignore",
    RepairResult.SKIPPED: "ignore",
    **dict.fromkeys((RepairResult.ARRIVED, RepairResult.OTHER_VALUES, RepairResult.MERGED), None),
    **dict.fromkeys((RepairResult.IGNORED, RepairResult.UNKNOWN), None),
}


@pytest.mark.parametrize("result", RepairResult)
def test_a_repair_is_left_by_a_button_of_its_write_error_or_by_itself(result: RepairResult) -> None:
    way = REPAIRS[result]
    if isinstance(way, str):
        row = rows.connection(cast.enrol(cast.ACME))
        error = WriteError(connection=row, table_name="account", cause="X", failed=1)
        assert way in offered(WriteError, error)


@pytest.mark.parametrize("stage", [Stage.LIVE, Stage.OFFBOARDED])
def test_a_repair_that_nobody_can_follow_up_ends(stage: Stage) -> None:
    row = rows.connection(cast.enrol(cast.ACME), stage)
    asked_at = timezone.now() - repair_results.UNSEEN_AFTER
    known = {"table_name": "account", "record_id": 1, "log_id": 1, "cause": "X", "actor": "mia"}
    WriteRepair.objects.create(connection=row, action="retry", asked_at=asked_at, **known)
    scan.scan_repaired(10)
    assert WriteRepair.objects.get().result == RepairResult.UNKNOWN


TENANTS = ("unknown", "without a row", "live", "of a later row", "of an ended row", "off-boarded")

OF_ROWS = (DiscrepancyKind.MISSING, DiscrepancyKind.CHANGED)
WITH_ROW = ("live", "of a later row", "of an ended row")
DIFFERENCES = [
    (kind, whose)
    for kind in DiscrepancyKind
    for whose in TENANTS
    # Only a row can miss its add-on or know it under another name, and the add-on of a row of the
    # same generation has the row's own name: it is not unknown.
    if (whose in WITH_ROW if kind in OF_ROWS else whose != "live")
]


@pytest.mark.parametrize(("kind", "whose"), DIFFERENCES)
def test_a_difference_with_heroku_is_left_by_a_button(kind: DiscrepancyKind, whose: str) -> None:
    row = _row_of(whose)
    found = Discrepancy.objects.create(
        kind=kind,
        key="k",
        text="It differs.",
        addon_name=addons.name_for(cast.ACME["org_id"], 1),
        addon_id="other",
        row=row if kind in OF_ROWS else None,
    )
    ways = offered(Discrepancy, found) - {"compare"}
    if kind == DiscrepancyKind.MISSING:
        assert row is not None
        ways = offered(Tenant, Subject(row.tenant, row)) & {"start_over", "offboard"}
    assert ways


def _row_of(whose: str) -> Connection | None:
    """Make the row that the org of an add-on of the first generation has, if any."""
    if whose == "unknown":
        return None
    tenant = cast.enrol(cast.ACME)
    if whose == "without a row":
        return None
    generation = 1 if whose in ("live", "off-boarded") else 2
    facts: dict[str, Any] = {"addon_requested_at": timezone.now(), "generation": generation}
    name = addons.name_for(tenant.org_id, generation)
    if whose == "off-boarded":
        rows.connection(tenant, Stage.OFFBOARDED, **facts, addon_name=name)
        Tenant.objects.update(offboarded_at=timezone.now())
        return None
    if whose == "of an ended row":
        rows.connection(tenant, Stage.OFFBOARDED, generation=1, schema_name="")
    return rows.connection(tenant, **facts, addon_name=name, addon_id="a-1")


def test_what_is_sent_and_asked_has_an_end() -> None:
    assert sum(sending.SCHEDULE.pauses, sending.SCHEDULE.last or timedelta()) < timedelta(days=1)
    assert timedelta(hours=1) >= diagnose.RESULT_TIMEOUT
    assert timedelta(days=1) >= bulk.APPROVAL_TIME
