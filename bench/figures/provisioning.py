"""From callouts to the mails that ask their subscribers to sign in, with a real worker."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests

import emulator as emulated
from bench import harness, load, programs
from bench.ratios import Ratio, count, exponent, of_pairs
from connect.formats import counted
from demo.actors.emulator import Emulator
from demo.plan import Plan
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
# One host app takes them all, which Heroku's own limits would not allow.
_ROOM = "UPDATE connect_hostapp SET max_addons = 1000000, max_config_bytes = 1000000000"
_SENT = "SELECT count(*) FROM tenants_message WHERE kind = 'sign_in' AND sent_at IS NOT NULL"


@dataclass(frozen=True)
class Bench:
    """A running stack and its database."""

    stack: Stack
    emulator: Emulator
    database: psycopg.Connection

    def mailed(self) -> int:
        """Count the mails that ask to sign in."""
        row = self.database.execute(_SENT).fetchone()
        return int(row[0]) if row else 0

    def calls(self) -> int:
        """Count the calls to Heroku and Heroku Connect so far."""
        found = (self.emulator.call("GET", f"/calls?system={each}") for each in SYSTEMS)
        return sum(int(each["count"]) for each in found)

    def memory(self) -> int:
        """Return the bytes that the worker holds."""
        [worker] = (each for each in self.stack.programs if each.name == "worker")
        return programs.memory(worker)

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
        before = bench.calls()
        bench.take(10)
        calls = (bench.calls() - before) / 10
        yield _slow(bench, calls)
        for many, pairs in AT_ONCE.items():
            before, tenants = bench.memory(), bench.mailed()
            yield from _at_once(bench, many, calls, pairs)
        yield from _memory(bench, before, tenants)
        yield _faulty(bench, calls)


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
            yield Bench(stack, outside, database)


def _at_once(bench: Bench, many: int, calls: float, wanted: int) -> Iterator[Ratio]:
    pairs = harness.in_turn(
        lambda: bench.take(many), lambda: _least(bench.stack.plan, round(many * calls)), wanted
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
    before = bench.calls()
    bench.take(FAULTY)
    spent = (bench.calls() - before) / FAULTY
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
