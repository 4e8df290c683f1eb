"""The worker and the web process: tasks a second, what they cost while idle, memory, the start."""

import os
import time
from collections.abc import Iterator
from statistics import median

import requests
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from bench import enrolled, harness, health_fleet, programs
from bench.ratios import Ratio, count, of_pairs
from connect.models import Health
from demo.program import Program
from portal.models import Heartbeat

TENANTS = 100
TASKS = 100  # of one measurement
EMPTY, STEP = "time.time", "connect.provisioning.reconciler.advance"
WINDOWS, WINDOW = 3, 15.0  # of idle time, in seconds
STATEMENTS_A_MINUTE = 400
DYNO, WORKER = 512 * 2**20, 180 * 2**20  # bytes
PAGES = 200
DJANGO = "import django; django.setup()"


def run() -> Iterator[Ratio]:
    """Run a web process and a worker for 100 live tenants, with an emulator in their place."""
    url, app = os.environ["DATABASE_URL"], os.environ["APP_NAME"]
    with health_fleet.served(url, app, TENANTS, 0) as address:
        enrolled.live(TENANTS, f"{address}/region", enrolled.host_apps(1))
        outside = {
            "HEROKU_API_URL": f"{address}/heroku",
            "HEROKU_CONNECT_URL": f"{address}/central",
        }
        yield _start()
        with (
            programs.web(**outside) as (web, port),
            programs.running("worker", "manage.py", "worker", **outside) as worker,
        ):
            harness.until(Heartbeat.objects.exists, 300, "the worker")
            # The first look at each is a deep one.
            seen = Health.objects.exclude(deep_at=None)
            harness.until(lambda: seen.count() == TENANTS, 300, "a look at each tenant")
            _drained(EMPTY, TASKS)
            yield from _idle(url, web, worker)
            yield _drain()
            yield from _memory(web, port, worker)


def _start() -> Ratio:
    def ours() -> float:
        began = time.perf_counter()
        with programs.web():
            return time.perf_counter() - began

    def plain() -> float:
        began = time.perf_counter()
        with programs.running("django", "-c", DJANGO) as program:
            harness.claim(program.process.wait() == 0, "Django did not start")
        return time.perf_counter() - began

    pairs = harness.in_turn(ours, plain, 3)
    detail = f"{median(each.ours for each in pairs):.1f} s until the first answer"
    return of_pairs("start of the web process / of Django alone", pairs, most=3, detail=detail)


def _idle(url: str, web: Program, worker: Program) -> Iterator[Ratio]:
    counts, shares = [], []
    with programs.statements_logged(url) as log:
        for _ in range(WINDOWS):
            begin, used = log.stat().st_size, programs.processor(web) + programs.processor(worker)
            time.sleep(WINDOW)
            counts.append(programs.statements(log, begin) * 60 / WINDOW)
            spent = programs.processor(web) + programs.processor(worker) - used
            shares.append(spent / WINDOW)
    detail = f"{median(counts):.0f} statements a minute, BEGIN and COMMIT counted"
    name = f"statements a minute of web and worker, idle with {TENANTS} live tenants / 400"
    values = tuple(each / STATEMENTS_A_MINUTE for each in counts)
    yield Ratio(name, values, most=1, detail=detail)
    name = "processor time of web and worker, idle / of one core"
    yield Ratio(name, tuple(shares), most=0.05, detail=f"{median(shares):.1%}")


def _drain() -> Ratio:
    pairs = harness.in_turn(lambda: _drained(EMPTY, TASKS), lambda: _drained(STEP, TASKS), 5)
    empty, steps = harness.medians(pairs)
    detail = f"{TASKS / steps:.0f} steps a second, {TASKS / empty:.0f} empty tasks"
    name = "time of empty tasks / of steps that find nothing to do"
    return of_pairs(name, pairs, least=0.85, detail=detail)


def _drained(name: str, tasks: int) -> float:
    """Queue tasks and wait until the worker has done them all; return the seconds."""
    Task.objects.all().delete()
    arguments = (1,) if name == STEP else ()
    began = time.perf_counter()  # the worker takes the first ones while the others are queued
    for _ in range(tasks):
        async_task(name, *arguments)
    harness.until(lambda: not OrmQ.objects.exists(), 600, "the queue to be empty")
    return time.perf_counter() - began


def _memory(web: Program, port: int, worker: Program) -> Iterator[Ratio]:
    for _ in range(PAGES):
        requests.get(f"http://127.0.0.1:{port}/admin/login/", timeout=30).raise_for_status()
    work = f"after {TASKS * 15:,} tasks"
    for name, program, limit, after in (
        ("worker, after empty tasks / 180 MB", worker, WORKER, work),
        ("web process / 512 MB", web, DYNO, f"after {PAGES} pages"),
    ):
        used = programs.memory(program)
        yield count(
            f"memory of the {name}", used / limit, most=1, detail=f"{used / 2**20:.0f} MB, {after}"
        )
