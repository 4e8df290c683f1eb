"""Version 2 reaches two hundred tenants despite all failures, and is rolled back on request."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection as database
from django.db.models import F

import emulator as emulated
from connect.models import (
    OPEN_STATUSES,
    Connection,
    Prune,
    Rollout,
    RolloutItem,
    RolloutItemStatus,
    RolloutStatus,
)
from connect.rollouts import creating, lifecycle
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet

LACKING, CANARY = 2, 5
PATIENCE = 150.0  # seconds
PASSING = 6.0  # seconds that seem to have passed at each look
LEASE = 150.0  # seconds; what a dead worker's lease lasts
# A describe for the linter, a look, the import, a look that it is there, and a deletion.
MIN_CALLS = 5
FIELD, DROPPED = "Segment__c", "Contact"


class Worker:
    """`manage.py worker`, as in production, facing the emulator."""

    def __init__(self) -> None:
        at = database.settings_dict
        url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "HEROKU_API_URL": settings.HEROKU_API_URL,
            "HEROKU_CONNECT_URL": settings.HEROKU_CONNECT_URL,
            "MAPPING_CALLS_PER_HOUR": "100000",
            "LOG_LEVEL": "ERROR",
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=settings.BASE_DIR,
            env=self.environment,
            start_new_session=True,
        )

    def kill(self) -> None:
        """Kill all of its processes at once, at any moment."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def worker(transactional_db: None, emulator: emulated.Running) -> Iterator[Worker]:
    started = Worker()
    yield started
    started.kill()


def pass_time(fleet: Fleet, seconds: float) -> None:
    """Let time seem to pass for everything that waits; the leases of living work stay."""
    ago = timedelta(seconds=seconds)
    fleet.running.advance(seconds)
    waiting = RolloutItem.objects.filter(status__in=OPEN_STATUSES)
    waiting.update(
        next_attempt_at=F("next_attempt_at") - ago,
        queued_at=F("queued_at") - ago,
        sent_at=F("sent_at") - ago,
    )


def until(fleet: Fleet, condition: Callable[[], object], what: str) -> None:
    stop_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < stop_at, f"never happened: {what}"
        pass_time(fleet, PASSING)
        time.sleep(0.2)


def kill_in_the_middle(fleet: Fleet, worker: Worker, rollout: Rollout, wave: int) -> int:
    """Kill the worker while it works on a wave; return how many leases died with it."""
    begun = RolloutItem.objects.filter(rollout=rollout, wave=wave, status=RolloutItemStatus.WORKING)
    until(fleet, lambda: begun.filter(sends=1).count() >= 2, f"wave {wave} begins")
    worker.kill()
    held = Connection.objects.exclude(lease=None)
    orphans = held.count()
    held.update(lease_expires_at=F("lease_expires_at") - timedelta(seconds=LEASE))
    pass_time(fleet, LEASE)
    worker.start()
    return orphans


def status(rollout: Rollout) -> str:
    rollout.refresh_from_db()
    return rollout.status


def imports(fleet: Fleet) -> Counter[str]:
    """How many imports each connection took."""
    return Counter(
        call["path"]
        for call in fleet.running.calls()
        if call["path"].endswith("/actions/import") and call["status"] == 202
    )


@pytest.mark.parametrize(
    ("tenants", "wave"), [(14, 5), pytest.param(200, 65, marks=pytest.mark.thorough)]
)
def test_all_tenants_get_the_next_version_in_spite_of_everything(
    emulator: emulated.Running,
    worker: Worker,
    capsys: pytest.CaptureFixture[str],
    tenants: int,
    wave: int,
) -> None:
    first, second = fleets.version(fleets.FIRST), fleets.version(fleets.SECOND)
    fleet = Fleet(emulator, first)
    for number in range(tenants):
        cell = "region-2" if number % 4 == 0 else "region"
        fleet.add(cell=cell, lacks_segment=number >= tenants - LACKING)
    emulator.behave(import_lag_seconds=5, import_seconds=5)
    emulator.clear_calls()

    rollout = creating.create(
        Rollout(
            template=second,
            author="mia",
            canary_size=CANARY,
            wave_size=wave,
            prune=Prune.REMOVED,
        ),
        Connection.objects.all(),
    )
    until(fleet, lambda: status(rollout) == RolloutStatus.READY, "every tenant is checked")
    refused = rollout.items.filter(status=RolloutItemStatus.REFUSED)
    assert {item.findings[0]["rule"] for item in refused} == {"unknown-field"}
    assert fleet.calls("POST") == fleet.calls("DELETE") == 0  # nothing was sent before
    assert refused.count() == LACKING

    lifecycle.start(rollout.pk, "mia")
    orphans = kill_in_the_middle(fleet, worker, rollout, wave=1)
    emulator.fail("region", path="^/region-2/", status=500, times=tenants // 5)
    orphans += kill_in_the_middle(fleet, worker, rollout, wave=2)
    until(fleet, lambda: status(rollout) == RolloutStatus.ENDED, "the roll-out ends")
    emulator.clear_faults()

    assert fleets.items(rollout) == {
        RolloutItemStatus.DONE: tenants - LACKING,
        RolloutItemStatus.REFUSED: 2,
    }
    assert Connection.objects.filter(template=second).count() == tenants - LACKING
    for member in fleet.members:
        mapped = fleet.mapped(member)
        brought = member.now().template == second
        assert (FIELD in mapped["Account"], DROPPED in mapped) == (brought, not brought)
    assert max(imports(fleet).values()) == 1
    leased = Connection.objects.exclude(lease=None)
    until(fleet, lambda: not leased.exists(), "no lease is held any more")
    made, least = fleet.calls(), MIN_CALLS * (tenants - LACKING) + LACKING
    failed = fleet.calls(status=500)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{tenants} tenants: {made} calls to Heroku Connect, {failed} of them answered 500; "
            f"the least possible is {least} ({made / least:.2f}); {orphans} leases died\n"
        )
    assert made - failed <= least * 1.3

    emulator.clear_calls()
    back = lifecycle.roll_back(rollout.pk, "mia")
    until(fleet, lambda: status(back) == RolloutStatus.DONE, "the roll-back ends")
    assert fleets.items(back) == {RolloutItemStatus.DONE: tenants - LACKING}
    assert Connection.objects.filter(template=first).count() == tenants
    for member in fleet.members:
        mapped = fleet.mapped(member)
        assert FIELD not in mapped["Account"]
        assert DROPPED in mapped
    assert max(imports(fleet).values()) == 1
