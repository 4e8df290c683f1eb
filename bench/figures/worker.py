"""The worker and the web process: tasks a second, what they cost while idle, memory, the start."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import requests
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from bench import enrolled, harness, health_fleet, programs
from bench.ratios import Ratio, count, of_pairs
from connect.models import Health
from demo import postgres
from demo.program import Program
from portal.models import Heartbeat
from tenants.models import Tenant

TENANTS = 100
TASKS = 100  # of one measurement
EMPTY, STEP = "time.time", "connect.provisioning.reconciler.advance"
WATCHED = 3  # minutes of idle time
MINUTES = (1, 5, 10)  # of the schedules that run in them; the others are of hours and days
STATEMENTS_A_MINUTE = 400
DYNO, WORKER = 512 * 2**20, 180 * 2**20  # bytes
BATCHES = 5  # of each kind of task while the worker's memory is looked at
ROUNDS, STAFF = 5, 8  # of all pages, by so many at once
WEB_PROCESSES = "2"  # as Heroku sets it on its smaller dynos
DJANGO = "bench.bare_django"
ROWS, PAYLOAD = 1_000, 400  # of the bare queue, and the characters of each
_QUEUE = "CREATE TABLE bench_queue (id bigserial PRIMARY KEY, payload text NOT NULL)"
_PUT = "INSERT INTO bench_queue (payload) VALUES (%s)"
_TAKE = """
DELETE FROM bench_queue WHERE id = (
    SELECT id FROM bench_queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING payload
"""


def run() -> Iterator[Ratio]:
    """Run a web process and a worker for 100 live tenants, with an emulator in their place."""
    url, app = os.environ["DATABASE_URL"], os.environ["APP_NAME"]
    # Its Postgres is its own: what the emulator asks must not count as the portal's.
    with health_fleet.served(postgres.start_for_tests(), app, TENANTS, 0) as address:
        outside = {
            "HEROKU_API_URL": f"{address}/heroku",
            "HEROKU_CONNECT_URL": f"{address}/central",
            "WEB_CONCURRENCY": WEB_PROCESSES,
        }
        yield from _starts(outside)
        enrolled.live(TENANTS, f"{address}/region", enrolled.host_apps(1))
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
            yield from _drain(url)
            yield _memory_of_worker(worker)
            yield _memory_of_web(web, port)


# --- the start -----------------------------------------------------------------------------------


def _starts(outside: dict[str, str]) -> Iterator[Ratio]:
    ours: tuple[tuple[str, str, Callable[[], float]], ...] = (
        ("web process", "its first answer", partial(_web_started, "portal.wsgi", outside)),
        ("worker", "its first task is done", partial(_worker_started, outside)),
    )
    for name, until, started in ours:
        pairs = harness.in_turn(started, partial(_web_started, DJANGO, outside), 3)
        seconds, alone = harness.medians(pairs)
        detail = f"{seconds:.1f} s until {until}, {alone:.1f} s of Django"
        words = f"start of the {name} / of a web process of Django's own apps alone"
        yield of_pairs(words, pairs, most=3, detail=detail)


def _web_started(application: str, outside: dict[str, str]) -> float:
    began = time.perf_counter()
    with programs.web(application, **outside):
        return time.perf_counter() - began


def _worker_started(outside: dict[str, str]) -> float:
    Task.objects.all().delete()
    async_task(EMPTY)
    began = time.perf_counter()
    with programs.running("worker", "manage.py", "worker", **outside):
        harness.until(Task.objects.filter(func=EMPTY).exists, 120, "the first task")
        return time.perf_counter() - began


# --- idle ----------------------------------------------------------------------------------------


def _idle(url: str, web: Program, worker: Program) -> Iterator[Ratio]:
    """Watch three minutes on end. The second has the schedules of five, the third those of ten."""
    _plan()
    with programs.statements_logged(url) as log:
        used = _processor(url, web, worker)
        usual, with_five, with_ten = _of_each_minute(log)
        spent = [now - then for now, then in zip(_processor(url, web, worker), used, strict=True)]
    five, ten = (with_five - usual) / 5, (with_ten - usual) / 10
    sent = usual + five + ten
    detail = f"{sent:.0f} statements a minute, BEGIN and COMMIT counted, {five:.0f} of them for "
    detail += f"the schedules of five minutes, {ten:.0f} for those of ten; {_what_ran()}"
    name = f"statements a minute of web and worker, idle with {TENANTS} live tenants / 400"
    yield count(name, sent / STATEMENTS_A_MINUTE, most=1, detail=detail)
    for of, seconds in (("web and worker", spent[0] + spent[1]), ("their Postgres", spent[2])):
        share = seconds / (WATCHED * 60)
        name = f"processor time of {of}, idle / of one core"
        yield count(name, share, most=0.05, detail=f"{share:.1%}")


def _plan() -> None:
    """Begin after a run of each minute, so that each minute that is watched has one run."""
    Task.objects.all().delete()
    names = Schedule.objects.filter(minutes=1).values_list("func", flat=True)
    harness.until(Task.objects.filter(func__in=list(names)).exists, 180, "a run of each minute")
    time.sleep(25)  # the next run is in the middle of the first minute that is watched
    now = timezone.now()
    for minutes, due in ((5, 1), (10, 2)):  # the worker looks each 30 s
        at = now + timedelta(minutes=due)
        Schedule.objects.filter(minutes=minutes).update(next_run=at)
    Task.objects.all().delete()


def _of_each_minute(log: Path) -> list[int]:
    """Return the statements of each minute that is watched."""
    found = []
    for _ in range(WATCHED):
        begin = log.stat().st_size
        time.sleep(60)
        found.append(programs.statements(log, begin))
    return found


def _what_ran() -> str:
    """Return how often the schedules ran. Raises RuntimeError if one did not."""
    ran = {}
    for minutes in MINUTES:
        names = list(Schedule.objects.filter(minutes=minutes).values_list("func", flat=True))
        times = [Task.objects.filter(func=name, success=True).count() for name in names]
        harness.claim(min(times) > 0, f"not all of {names} ran: {times}")
        ran[minutes] = sum(times) / len(names)
    return "times that they ran: " + ", ".join(f"{ran[each]:g} of {each} min" for each in ran)


def _processor(url: str, web: Program, worker: Program) -> list[float]:
    mine = [programs.processor(each) for each in (web, worker)]
    return [*mine, programs.processor_of_postgres(url)]


# --- tasks ---------------------------------------------------------------------------------------


def _drain(url: str) -> Iterator[Ratio]:
    pairs = harness.in_turn(lambda: _drained(EMPTY, TASKS), lambda: _drained(STEP, TASKS), 5)
    empty, steps = harness.medians(pairs)
    detail = f"{TASKS / steps:.0f} steps a second, {TASKS / empty:.0f} empty tasks"
    name = "time of empty tasks / of steps that find nothing to do"
    yield of_pairs(name, pairs, least=0.85, detail=detail)
    with psycopg.connect(url, autocommit=True) as queue:
        queue.execute(_QUEUE)
        ours, other = lambda: _drained(EMPTY, TASKS) / TASKS, lambda: _bare(queue) / ROWS
        pairs = harness.in_turn(ours, other, 5)
    empty, row = harness.medians(pairs)
    detail = f"{1 / empty:.0f} empty tasks a second, {1 / row:,.0f} rows"
    yield of_pairs("time of an empty task / of a row of a bare queue table", pairs, detail=detail)


def _drained(name: str, tasks: int) -> float:
    """Queue tasks and wait until the worker has done them all; return the seconds."""
    Task.objects.all().delete()
    arguments = (1,) if name == STEP else ()
    began = time.perf_counter()  # the worker takes the first ones while the others are queued
    for _ in range(tasks):
        async_task(name, *arguments)
    harness.until(lambda: not OrmQ.objects.exists(), 600, "the queue to be empty")
    spent = time.perf_counter() - began
    done = Task.objects.filter(func=name, success=True).count()
    harness.claim(done == tasks, f"{done} of {tasks} tasks succeeded")
    return spent


def _bare(queue: psycopg.Connection) -> float:
    """Put rows into a bare queue and take each of them, with a commit for both."""
    payload = "x" * PAYLOAD
    began = time.perf_counter()
    for _ in range(ROWS):
        queue.execute(_PUT, [payload])
    for _ in range(ROWS):
        queue.execute(_TAKE)
    spent = time.perf_counter() - began
    left = queue.execute("SELECT count(*) FROM bench_queue").fetchone()
    harness.claim(left == (0,), f"{left} rows were not taken")
    return spent


# --- memory --------------------------------------------------------------------------------------


def _memory_of_worker(worker: Program) -> Ratio:
    with programs.peak_of(worker) as peak:
        for _ in range(BATCHES):
            _drained(EMPTY, TASKS)
            _drained(STEP, TASKS)
        used = peak()
    name = "peak of the worker's memory, empty tasks and steps / 180 MB"
    detail = f"{used / 2**20:.0f} MB in {2 * BATCHES * TASKS:,} tasks, after {_queued():,} others"
    return count(name, used / WORKER, most=1, detail=detail)


def _queued() -> int:
    """Count the tasks that were queued before the last batches."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM django_q_ormq_id_seq")
        return int(cursor.fetchone()[0]) - 2 * BATCHES * TASKS


def _memory_of_web(web: Program, port: int) -> Ratio:
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    cookies = {name: each.value for name, each in client.cookies.items()}
    pages = _pages() * ROUNDS

    def show(path: str) -> int:
        address = f"http://127.0.0.1:{port}{path}"
        answer = requests.get(address, cookies=cookies, timeout=60, allow_redirects=False)
        return answer.status_code

    with programs.peak_of(web) as peak, ThreadPoolExecutor(STAFF) as staff:
        found = dict(zip(pages, staff.map(show, pages), strict=True))
        used = peak()
    bad = {path: status for path, status in found.items() if status != 200}
    harness.claim(not bad, f"these pages were not shown: {bad}")
    name = f"peak of the memory of {WEB_PROCESSES} web processes / 512 MB"
    detail = f"{used / 2**20:.0f} MB, {len(pages)} pages of staff, {STAFF} at once"
    return count(name, used / DYNO, most=1, detail=detail)


def _pages() -> list[str]:
    """Return the addresses of the dashboard, a tenant, an export, and each list."""
    names = ("admin:index", "dashboard", "worklist", "fleet", "admin:tenants_tenant_export")
    first = Tenant.objects.order_by("pk")[0]
    pages = [*map(reverse, names), reverse("admin:tenants_tenant_change", args=[first.pk])]
    models = [each._meta for each in admin.site._registry]  # all, now that the pages are loaded
    lists = [reverse(f"admin:{each.app_label}_{each.model_name}_changelist") for each in models]
    return pages + lists
