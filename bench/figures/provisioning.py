"""From callouts to the mails that ask their subscribers to sign in, with a real worker."""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import requests

import emulator as emulated
from bench import harness, load, programs
from bench.ratios import Ratio, count, exponent, of_pairs
from connect.formats import counted
from demo.actors.emulator import Emulator
from demo.plan import HOST_APP, Plan
from demo.ports import free_port
from demo.stack import Stack, running

AT_ONCE = {1: 7, 100: 1, 1_000: 1}  # callouts: pairs
CLIENTS = 8
AT_A_TIME = 4  # tenants: two processes of the worker, two threads each
SLOW, LATENCY = 200, 0.2  # tenants, and seconds that each call takes
FAULTY, FAULTS = 60, 0.05  # tenants, and the share of calls that fail
SYSTEMS = ("heroku", "central", "region")
PATIENCE = 600.0
FIRST_MAIL = 1.0  # seconds
MEMORY = 180 * 2**20  # bytes of the worker
# None gets more add-ons than Heroku allows, but each has room: no mail says that it is scarce.
HOST_APPS = 3
_ROOM = "UPDATE connect_hostapp SET max_addons = 1000000, max_config_bytes = 1000000000"
# The first one again, under another name.
_ANOTHER = """
INSERT INTO connect_hostapp SELECT (
    jsonb_populate_record(
        first, jsonb_build_object('id', first.id + %(number)s::int, 'name', %(name)s::text)
    )
).* FROM connect_hostapp first WHERE name = %(first)s
"""
_QUEUED = "SELECT last_value FROM django_q_ormq_id_seq"
_TASKS = 2  # of a tenant: its steps, and its mail
_SENT = "SELECT count(*) FROM tenants_message WHERE kind = 'sign_in' AND sent_at IS NOT NULL"


@dataclass(frozen=True)
class Bench:
    """A running stack and its database."""

    stack: Stack
    emulator: Emulator
    database: psycopg.Connection

    def mailed(self) -> int:
        """Count the mails that ask to sign in."""
        return self._number(_SENT)

    def queued(self) -> int:
        """Count the tasks that were ever queued."""
        return self._number(_QUEUED)

    def _number(self, query: LiteralString) -> int:
        row = self.database.execute(query).fetchone()
        return int(row[0]) if row else 0

    def calls_of(self, callouts: int) -> float:
        """Send callouts; return how many calls to Heroku and Heroku Connect each of them took."""
        self.emulator.call("DELETE", "/calls")  # it keeps the last 5,000
        self.take(callouts)
        found = (self.emulator.call("GET", f"/calls?system={each}") for each in SYSTEMS)
        return sum(int(each["count"]) for each in found) / callouts

    def memory(self) -> int:
        """Return the bytes that the worker holds."""
        [worker] = (each for each in self.stack.programs if each.name == "worker")
        return programs.memory(worker)

    def processor(self) -> dict[str, float]:
        """Return the seconds of processor time that each has used until now."""
        used = {each.name: programs.processor(each) for each in self.stack.programs}
        postgres = programs.processor_of_postgres(self.stack.database_url)
        return used | {"Postgres": postgres, "the senders": time.process_time()}

    def take(self, callouts: int) -> float:
        """Send callouts; return the seconds until each of their mails has gone."""
        wanted = self.mailed() + callouts
        posts = list(load.callouts(self.stack.registration_secret, callouts))

        def send() -> None:
            load.send(self.stack.plan.portal_port, posts, min(CLIENTS, callouts))
            harness.until(lambda: self.mailed() >= wanted, PATIENCE, f"{wanted} mails")

        return harness.seconds(send)


def run() -> Iterator[Ratio]:
    """Measure one web process and one worker with two processes of two threads."""
    with _bench() as bench:
        bench.take(5)
        calls = bench.calls_of(10)
        # Before there are many: their own looks would be counted too.
        yield _faulty(bench, calls)
        yield _slow(bench, calls)
        for many, pairs in AT_ONCE.items():
            before, tenants = bench.memory(), bench.mailed()
            yield from _at_once(bench, many, calls, pairs)
        yield from _memory(bench, before, tenants)


@contextmanager
def _bench() -> Iterator[Bench]:
    os.environ.pop("DATABASE_URL")  # a stack of its own
    state = Path(tempfile.mkdtemp(prefix="multiconnect-bench-"))
    many = "1000000000"
    settings = {
        "REGISTRATIONS_PER_HOUR_TOTAL": many,
        "NEW_ADDONS_PER_DAY": many,
        "LOG_LEVEL": "WARNING",
    }
    plan = Plan(state, free_port(), free_port(), durable=False, settings=settings)
    with running(plan, lambda _: None) as stack:
        outside = Emulator(plan.emulator_url)
        limits = {"rate_limit": 10**9, "config_bytes": 10**9}
        outside.call("POST", "/behaviour", {**emulated.INSTANT, **limits})
        with psycopg.connect(stack.database_url, autocommit=True) as database:
            database.execute(_ROOM)
            for number in range(1, HOST_APPS):
                name = f"{HOST_APP}-{number}"
                outside.ensure_app(name)
                database.execute(_ANOTHER, {"number": number, "name": name, "first": HOST_APP})
            yield Bench(stack, outside, database)


def _at_once(bench: Bench, many: int, calls: float, wanted: int) -> Iterator[Ratio]:
    spent: list[dict[str, float]] = []
    queued = bench.queued()
    pairs = harness.in_turn(
        lambda: _take(bench, many, spent),
        lambda: _least(bench.stack.plan, round(many * calls)),
        wanted,
    )
    ours, _ = harness.medians(pairs)
    detail = f"{ours:.2f} s, {many / ours:.0f} tenants a second, {calls:.1f} calls for each"
    callouts = counted(many, "callout")
    name = f"time from {callouts} at once to the last mail / of the calls alone"
    yield of_pairs(name, pairs, detail=detail)
    if many == 1:
        seconds = tuple(each.ours / FIRST_MAIL for each in pairs)
        name = "time from one callout to its mail / 1 s"
        yield Ratio(name, seconds, most=1, detail=f"{ours:.2f} s")
    else:
        tasks = (bench.queued() - queued) / many
        name = f"tasks queued for each of {callouts} at once / {_TASKS}, its steps and its mail"
        yield count(name, tasks / _TASKS, most=1.1, detail=f"{tasks:.2f} tasks")
        name = f"processor time until the last mail of {callouts} at once / of all cores"
        detail = ", ".join(f"{each} {used / many * 1000:.0f}" for each, used in spent[0].items())
        share = sum(spent[0].values()) / ours / (os.cpu_count() or 1)
        yield count(name, share, detail=f"ms a tenant: {detail}")


def _take(bench: Bench, many: int, spent: list[dict[str, float]]) -> float:
    """Send callouts as `take` does; add to `spent` the seconds that each program has worked."""
    before = bench.processor()
    taken = bench.take(many)
    spent.append({name: used - before[name] for name, used in bench.processor().items()})
    return taken


def _least(plan: Plan, calls: int) -> float:
    """Return the seconds that so many calls take, with as many clients as the worker has."""
    headers = {"Authorization": "Bearer x", "Accept": "application/vnd.heroku+json; version=3"}

    def some(number: int) -> None:
        with requests.Session() as session:
            for _ in range(number):
                session.get(f"{plan.emulator_url}/heroku/account", headers=headers, timeout=30)

    shares = [calls // AT_A_TIME] * AT_A_TIME

    def every() -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(some, [max(1, each) for each in shares]))

    return harness.seconds(every)


def _slow(bench: Bench, calls: float) -> Ratio:
    for system in SYSTEMS:
        bench.emulator.call("POST", "/faults", {"system": system, "delay": LATENCY})
    ideal = SLOW * calls * LATENCY / AT_A_TIME
    taken = bench.take(SLOW)
    bench.emulator.call("DELETE", "/faults")
    name = f"time of {SLOW} tenants at {LATENCY * 1000:.0f} ms a call / of their calls alone"
    detail = f"{taken:.1f} s, {ideal:.1f} s of calls, {AT_A_TIME} at a time"
    return count(name, taken / ideal, most=1.25, detail=detail)


def _faulty(bench: Bench, calls: float) -> Ratio:
    for system in SYSTEMS:
        fault = {"system": system, "status": 503, "share": FAULTS}
        bench.emulator.call("POST", "/faults", fault)
    spent = bench.calls_of(FAULTY)
    bench.emulator.call("DELETE", "/faults")
    name = f"calls for a tenant while {FAULTS:.0%} of them fail / while none does"
    detail = f"{spent:.1f}, {calls:.1f}"
    return count(name, spent / calls, most=1 + 4 * FAULTS, detail=detail)


def _memory(bench: Bench, before: int, tenants: int) -> Iterator[Ratio]:
    used, now = bench.memory(), bench.mailed()
    detail = f"{used / 2**20:.0f} MB, after {now:,} tenants"
    yield count("memory of the worker / 180 MB", used / MEMORY, most=1, detail=detail)
    of = f"the worker's memory, {tenants:,} to {now:,} tenants, most of them at once"
    yield exponent(of, before, used, now / tenants, most=0.1)
