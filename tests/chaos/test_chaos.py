"""`make chaos`: real processes, really killed, while tenants are on their way.

Slow, since a killed step is repeated only when its lease ends.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.story import at_once, bring_to
from demo.cast import Org
from demo.plan import ROOT, Plan, free_port
from demo.program import Program
from demo.stack import Stack, running
from tenants import orgid

pytestmark = pytest.mark.chaos
TENANTS = 12
DEATHS = 10
SECONDS_BETWEEN = (2.0, 5.0)
PATIENCE = 900.0  # seconds
PACE = {"provisioning_seconds": 1, "import_seconds": 1, "bulk_load_seconds": 1}


def _orgs() -> list[Org]:
    ids = [orgid.normalize(f"00D5e0000{number:06d}") for number in range(TENANTS)]
    return [
        Org(org_id=each, name=f"Chaos {number}", email=f"chaos{number}@isv.example")
        for number, each in enumerate(ids)
    ]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.delenv("DATABASE_URL")
    plan = Plan(tmp_path, free_port(), free_port(), durable=False, patience=PATIENCE)
    with running(plan, lambda _: None) as stack:
        Emulator(stack.plan.emulator_url).call("POST", "/behaviour", PACE)
        yield stack


def _kill(worker: Program) -> None:
    """Kill one of the worker's processes, any of them, and then the others."""
    listing = subprocess.run(
        ["ps", "-s", str(worker.process.pid), "-o", "pid="],
        capture_output=True,
        text=True,
        check=False,
    )
    pids = [int(pid) for pid in listing.stdout.split()]
    os.kill(random.choice(pids), signal.SIGKILL)
    time.sleep(1)
    worker.stop()


def _start_again(stack: Stack, worker: Program) -> None:
    with worker.log.open("ab") as output:
        worker.process = subprocess.Popen(
            worker.process.args,
            cwd=ROOT,
            env=stack.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def _worker_dying(stack: Stack) -> Iterator[None]:
    """Kill the worker again and again, as a bad host would, with a supervisor that restarts it."""
    worker = next(program for program in stack.programs if program.name == "worker")
    over = threading.Event()

    def keep_killing() -> None:
        for _ in range(DEATHS):
            if over.wait(random.uniform(*SECONDS_BETWEEN)):
                return
            _kill(worker)
            _start_again(stack, worker)

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def test_workers_that_die_all_the_time_lose_no_tenant_and_make_nothing_twice(stack: Stack) -> None:
    orgs = _orgs()
    unwatched = replace(stack, programs=[p for p in stack.programs if p.name != "worker"])
    with _worker_dying(stack):
        at_once(lambda org: bring_to(unwatched, org, "live", lambda _: None), orgs)
    calls = Emulator(stack.plan.emulator_url).call("GET", "/calls?system=heroku")["calls"]
    made = [each for each in calls if each["method"] == "POST" and each["status"] == 201]
    assert len(made) == TENANTS
    with Ledger(stack.database_url) as ledger:
        assert [ledger.stage(org) for org in orgs] == ["live"] * TENANTS
        mails = ledger.row("SELECT count(*) FROM tenants_message WHERE kind = 'live'")
        assert mails == (TENANTS,)
