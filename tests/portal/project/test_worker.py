"""The worker's processes are really killed here: `manage.py worker` runs as in production."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django_q.models import Failure, OrmQ
from django_q.tasks import async_task

import emulator as emulated
from connect.models import Connection, Stage
from portal import deliveries
from portal.models import Delivery, Heartbeat
from portal.project.heart import BEAT_SECONDS
from portal.project.worker import UNEXPECTED_DEATH
from tests import cast

PATIENCE = 60.0  # seconds
pytestmark = pytest.mark.django_db(transaction=True)


class Worker:
    """A running `manage.py worker` and what can be done to it."""

    def __init__(self, **environment: str) -> None:
        own = {"DATABASE_URL": _test_database(), "LOG_LEVEL": "ERROR"}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **own, **environment},
            start_new_session=True,
        )

    def family(self) -> list[int]:
        """The pids of all descendants, the sentinel first."""
        listing = subprocess.run(
            ["ps", "-s", str(self.process.pid), "-o", "pid="],
            capture_output=True,
            text=True,
            check=False,
        )
        pids = sorted(int(pid) for pid in listing.stdout.split())
        return [pid for pid in pids if pid != self.process.pid]

    def signal_all(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)


def _test_database() -> str:
    at = database.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def _until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    stop_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < stop_at, f"never happened: {what}"
        time.sleep(0.05)


@contextmanager
def _running(**environment: str) -> Iterator[Worker]:
    worker = Worker(**environment)
    try:
        yield worker
    finally:
        if worker.family() or worker.process.poll() is None:
            worker.signal_all(signal.SIGKILL)
        worker.process.wait()


@pytest.fixture
def worker() -> Iterator[Worker]:
    with _running() as worker:
        yield worker


def _marks(folder: Path) -> set[str]:
    return {path.name.split("-")[0] for path in folder.iterdir()}


def _busy_pid(folder: Path) -> int:
    return next(int(path.name.split("-")[1]) for path in folder.glob("begun-*"))


def _run(name: str, *arguments: object) -> None:
    async_task(f"tests.portal.project.worker_tasks.{name}", *arguments)


def _wait_until_ready(worker: Worker, folder: Path) -> None:
    _run("mark", str(folder), "ready")
    _until(lambda: "ready" in _marks(folder), "the first task")
    assert len(worker.family()) == settings.WORKERS + 3  # sentinel, monitor, pusher


def test_it_beats_and_runs_tasks_and_ends_in_order(worker: Worker, tmp_path: Path) -> None:
    _wait_until_ready(worker, tmp_path)
    assert Heartbeat.objects.count() == 1
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(PATIENCE) == 0
    assert worker.family() == []


def test_a_signal_to_every_process_lets_the_running_task_finish(
    worker: Worker, tmp_path: Path
) -> None:
    _wait_until_ready(worker, tmp_path)
    _run("mark_around", str(tmp_path), 1.0)
    _until(lambda: "begun" in _marks(tmp_path), "the task's beginning")
    worker.signal_all(signal.SIGTERM)
    assert worker.process.wait(PATIENCE) == 0
    assert "ended" in _marks(tmp_path)
    assert OrmQ.objects.count() == Delivery.objects.count() == 0
    assert worker.family() == []


def test_a_killed_idle_worker_takes_the_whole_cluster_with_it(
    worker: Worker, tmp_path: Path
) -> None:
    _wait_until_ready(worker, tmp_path)
    first_worker = worker.family()[1]
    os.kill(first_worker, signal.SIGKILL)
    assert worker.process.wait(PATIENCE) == UNEXPECTED_DEATH
    _until(lambda: worker.family() == [], "the end of all processes")


def test_a_killed_busy_worker_loses_no_task(worker: Worker, tmp_path: Path) -> None:
    _wait_until_ready(worker, tmp_path)
    _run("mark_around", str(tmp_path), 30.0)
    _until(lambda: "begun" in _marks(tmp_path), "the task's beginning")
    os.kill(_busy_pid(tmp_path), signal.SIGKILL)
    assert worker.process.wait(PATIENCE) == UNEXPECTED_DEATH
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("victim", ["main", "sentinel"])
def test_nothing_continues_without_the_main_process_or_the_sentinel(
    worker: Worker, tmp_path: Path, victim: str
) -> None:
    _wait_until_ready(worker, tmp_path)
    pid = worker.process.pid if victim == "main" else worker.family()[0]
    os.kill(pid, signal.SIGKILL)
    assert worker.process.wait(PATIENCE) != 0
    _until(lambda: worker.family() == [], "the end of all processes")


def test_a_task_that_kills_its_worker_fails_after_three_deaths(tmp_path: Path) -> None:
    _run("die", str(tmp_path))
    for _ in range(deliveries.MAX_STARTS):
        dying = Worker()
        assert dying.process.wait(PATIENCE) == UNEXPECTED_DEATH
    assert Failure.objects.get().attempt_count == deliveries.MAX_STARTS
    assert [row.func for row in OrmQ.objects.all() if "worker_tasks" in row.func()] == []
    assert len(list(tmp_path.iterdir())) == deliveries.MAX_STARTS


def test_a_step_whose_dyno_was_killed_goes_on_before_its_lease_ends(
    emulator: emulated.Running,
) -> None:
    emulator.fail("heroku", method="POST", path="/addons$", delay=60, times=1)
    row = cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON)
    urls = {name: getattr(settings, name) for name in ("HEROKU_API_URL", "HEROKU_CONNECT_URL")}
    now = Connection.objects.filter(pk=row.pk)
    with _running(**urls) as dying:
        _until(lambda: now.filter(addon_requested_at__isnull=False).exists(), "the order")
        dying.signal_all(signal.SIGKILL)
    held = now.get()
    assert (held.lease is None, held.lease_holder.split(":")[1]) == (False, str(dying.process.pid))
    now.update(lease_expires_at=timezone.now() + timedelta(days=1))
    with _running(**urls):
        # It has to beat for 15 seconds before it calls another one dead.
        _until(lambda: now.exclude(stage=Stage.CREATING_ADDON).exists(), "the next step", 120)
    assert len(emulator.addons()) == 1


def test_a_pulse_that_waits_for_a_lock_does_not_look_like_a_death(worker: Worker) -> None:
    _until(Heartbeat.objects.exists, "the first heartbeat")
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("LOCK TABLE connect_connection IN ACCESS EXCLUSIVE MODE")
        locked = Heartbeat.objects.get().beat_at
        longer = timedelta(seconds=2 * BEAT_SECONDS)
        _until(lambda: Heartbeat.objects.get().beat_at > locked + longer, "a heartbeat", 30)
